# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for relay: commands, options, smarthosts, providers, and ids of
# queued messages

# Words of the command line that are neither options nor their values.
function __relay_words
	set -l skip no
	for word in (commandline -opc)[2..-1]
		if test $skip = yes
			set skip no
		else if contains -- $word --config --queue --smarthost --from -f --port --import --export --provider --host --tls
			set skip yes
		else if not string match -q -- '-*' $word
			echo $word
		end
	end
end

# Are these the words so far, from the first on?
function __relay_after
	set -l words (__relay_words)
	set -l n (count $argv)
	test (count $words) -ge $n
	and test "$words[1..$n]" = "$argv"
end

function __relay_no_command
	test (count (__relay_words)) -eq 0
end

function __relay_only
	test "$(__relay_words | string join ' ')" = "$argv"
end

# Ids of the messages in the places that $argv names (new|hold|failed|bad).
function __relay_ids
	set -l tokens (commandline -opc)
	set -l queue
	if set -l at (contains -i -- --queue $tokens)
		set queue --queue $tokens[(math $at + 1)]
	end
	$tokens[1] $queue queue --json 2>/dev/null | string replace -f -r \
		"^ *\{\"id\": \"([0-9A-F]{22})\", \"place\": \"($argv)\".*" '$1'
end

# Names of the smarthosts, by the configuration of the command line.
function __relay_smarthosts
	set -l tokens (commandline -opc)
	set -l config
	if set -l at (contains -i -- --config $tokens)
		set config --config $tokens[(math $at + 1)]
	end
	$tokens[1] $config check --json 2>/dev/null |
		grep -o '{"name": "[^"]*"' | cut -d'"' -f4
end

# Names of the providers that the program knows.
function __relay_providers
	set -l tokens (commandline -opc)
	$tokens[1] providers --json 2>/dev/null |
		string replace -f -r '^{"name": "([^"]*)".*' '$1'
end

complete -c relay -f
complete -c relay -n __relay_no_command -l config -r -F -d 'Use this configuration'
complete -c relay -n __relay_no_command -l queue -x -a '(__fish_complete_directories)' -d 'Use this queue'
complete -c relay -l help -d 'A summary'
complete -c relay -n __relay_no_command -l version -d 'The version'
complete -c relay -n __relay_no_command -a check -d 'Is the configuration right, and which way does mail go'
complete -c relay -n __relay_no_command -a explain -d 'What becomes of a message\'s addresses, and why'
complete -c relay -n __relay_no_command -a flush -d 'Send what is waiting'
complete -c relay -n __relay_no_command -a login -d 'Log in at a provider that wants OAuth'
complete -c relay -n __relay_no_command -a logout -d 'Forget a login, and its tokens'
complete -c relay -n __relay_no_command -a providers -d 'Which mail providers are known, and what of them'
complete -c relay -n __relay_no_command -a queue -d 'What is waiting, why, and when it is tried again'
complete -c relay -n __relay_no_command -a secret -d 'Store the password of a smarthost, or see where it is'
complete -c relay -n __relay_no_command -a setup -d 'Make the configuration for your address'
complete -c relay -n __relay_no_command -a status -d 'Is all well, and if not, what is to be done'
complete -c relay -n __relay_no_command -a help -d 'A summary'

complete -c relay -n '__relay_after check' -l aliases -d 'Only the aliases file'
complete -c relay -n '__relay_after check' -l json -d 'As JSON'
complete -c relay -n '__relay_after check' -l secrets -d 'Fetch each password, too'
complete -c relay -n '__relay_after check' -l options -d 'List every key'

complete -c relay -n '__relay_after explain' -s f -l from -x -d 'Envelope sender'
complete -c relay -n '__relay_after explain' -l smarthost -x -a '(__relay_smarthosts)' -d 'As it would go this way'
complete -c relay -n '__relay_after explain' -l json -d 'As JSON'
complete -c relay -n '__relay_only explain' -F -a '(__relay_ids "new|hold|failed|bad")'

complete -c relay -n '__relay_after flush' -l now -d 'Due or not'
complete -c relay -n '__relay_after flush' -l watch -d 'Go on'
complete -c relay -n '__relay_after flush' -l verbose -d 'Say what happens to each message'
complete -c relay -n '__relay_after flush' -l debug -d 'Show the dialogue too'
complete -c relay -n '__relay_after flush' -l quiet -d 'Say nothing but trouble'
complete -c relay -n '__relay_after flush' -a '(__relay_ids new)'

complete -c relay -n '__relay_only login' -a '(__relay_smarthosts)' -d 'Smarthost'
complete -c relay -n '__relay_after login' -l paste -d 'Show an address to open anywhere'
complete -c relay -n '__relay_after login' -l browser -d 'Start a browser here'
complete -c relay -n '__relay_after login' -l port -x -d 'The browser comes back to this port'
complete -c relay -n '__relay_after login' -l explain -d 'How to become a client of the provider'
complete -c relay -n '__relay_after login' -l export -r -F -d 'Write the login to a file'
complete -c relay -n '__relay_after login' -l import -r -F -d 'Take a login over'
complete -c relay -n '__relay_only logout' -a '(__relay_smarthosts)' -d 'Smarthost'

complete -c relay -n '__relay_after providers' -l json -d 'As JSON'
complete -c relay -n '__relay_only providers' -a '(__relay_providers)'

complete -c relay -n '__relay_after queue' -l json -d 'As JSON'
complete -c relay -n '__relay_after queue' -l all -d 'Every message that the word fits'
complete -c relay -n '__relay_only queue' -a list -d 'All messages'
complete -c relay -n '__relay_only queue' -a show -d 'Envelope, history and the message itself'
complete -c relay -n '__relay_only queue' -a hold -d 'Do not send until it is released'
complete -c relay -n '__relay_only queue' -a release -d 'Send what was held'
complete -c relay -n '__relay_only queue' -a remove -d 'Delete, for good'
complete -c relay -n '__relay_only queue' -a retry -d 'Try again now; bring back what was given up'
complete -c relay -n '__relay_after queue show' -a '(__relay_ids "new|hold|failed|bad")'
complete -c relay -n '__relay_after queue hold' -a '(__relay_ids new)'
complete -c relay -n '__relay_after queue release' -a '(__relay_ids hold)'
complete -c relay -n '__relay_after queue remove' -a '(__relay_ids "new|hold|failed|bad")'
complete -c relay -n '__relay_after queue retry' -a '(__relay_ids "new|failed")'

complete -c relay -n '__relay_after secret' -l json -d 'As JSON'
complete -c relay -n '__relay_only secret' -a set -d 'Ask for it and store it'
complete -c relay -n '__relay_only secret' -a show-source -d 'Where it is, and whether it can be fetched'
complete -c relay -n '__relay_only secret' -a erase -d 'Take it away there'
complete -c relay -n '__relay_only secret set' -a '(__relay_smarthosts)'
complete -c relay -n '__relay_only secret show-source' -a '(__relay_smarthosts)'
complete -c relay -n '__relay_only secret erase' -a '(__relay_smarthosts)'

complete -c relay -n '__relay_after setup' -l write -d 'Write it to the configuration file'
complete -c relay -n '__relay_after setup' -l provider -x -a '(__relay_providers)' -d 'One of these'
complete -c relay -n '__relay_after setup' -l host -x -a '(__fish_print_hostnames)' -d 'A server'
complete -c relay -n '__relay_after setup' -l port -x -d 'Its port'
complete -c relay -n '__relay_after setup' -l tls -x -a 'starttls implicit' -d 'How to encrypt'
complete -c relay -n '__relay_after setup' -l json -d 'As JSON'

complete -c relay -n '__relay_after status' -l json -d 'As JSON'
complete -c relay -n '__relay_after status' -l metrics -d 'For Prometheus'

# SPDX-License-Identifier: GPL-3.0-or-later
# mail.rb i|t|smtp: the gem of Rails, with its defaults, with -t as some set it,
# and by SMTP
require 'mail'

kind = ARGV[0]
options = { 'i' => {}, 't' => { arguments: '-i -t' },
            'smtp' => { address: '127.0.0.1', port: 25,
                        enable_starttls_auto: false } }.fetch(kind)
mail = Mail.new do
  from 'Rémy <app@example.org>'
  to "Zoë <ruby-#{kind}@example.net>"
  bcc "ruby-#{kind}-bcc@example.net"
  subject 'Grüße aus Ruby'
  text_part do
    content_type 'text/plain; charset=UTF-8'
    body "à\n.\n..b\n"
  end
  attachments['a.dat'] = { mime_type: 'application/octet-stream',
                           encoding: 'base64',
                           content: [(0..255).to_a.pack('C*')].pack('m') }
end
mail.delivery_method kind == 'smtp' ? :smtp : :sendmail, options
mail.deliver!

// SPDX-License-Identifier: GPL-3.0-or-later
// server - a real OAuth2 server, a person who says yes, and a hand that breaks
// the answers of its token endpoint
//
// Reads from the environment: PORT, CERT, KEY (its own), CLIENT_CERT (the public
// key of relay-cert), LIFE (seconds of an access token), ACCOUNT (the person,
// where no hint names one).  Prints "ready" when it listens, and ends when its
// stdin does.
//
//   POST /_test/faults   a list, for one request to /token each: {kind: ...}
//     drop-before        hang up, nothing done
//     drop-after         hang up, everything done
//     reply              {status, type, headers, body} and nothing done
//     delay              {ms}, then as usual
//     string-expires     expires_in as a string
//   GET /_test/events    what happened: [[milliseconds, word], ...]
import { createPublicKey } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import { Provider } from 'oidc-provider';

const env = process.env;
const issuer = `https://127.0.0.1:${env.PORT}`;
const MAIL = 'https://mail.lab.test/SMTP.Send';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const life = Number(env.LIFE || 3600);
const person = ['authorization_code', 'refresh_token', DEVICE];

function client(id, method, grants, more = {}) {
  const withPerson = grants.includes('authorization_code');
  return {
    client_id: id,
    token_endpoint_auth_method: method,
    grant_types: grants,
    application_type: 'native',
    response_types: withPerson ? ['code'] : [],
    redirect_uris: withPerson ? ['http://127.0.0.1', 'http://localhost'] : [],
    ...more,
  };
}

const key = createPublicKey(fs.readFileSync(env.CLIENT_CERT));
const clients = [
  client('relay', 'none', person),
  client('relay-secret', 'client_secret_post', person, { client_secret: 'open-sesame-9' }),
  client('relay-app', 'client_secret_post', ['client_credentials'], { client_secret: 'app-secret-4' }),
  client('relay-cert', 'private_key_jwt', ['client_credentials'], {
    token_endpoint_auth_signing_alg: 'PS256',
    jwks: { keys: [{ ...key.export({ format: 'jwk' }), use: 'sig' }] },
  }),
  client('look', 'client_secret_basic', [], { client_secret: 'look' }),
];

const provider = new Provider(issuer, {
  clients,
  scopes: ['openid', 'offline_access', MAIL],
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  features: {
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true },
    clientCredentials: { enabled: true },
    revocation: { enabled: true },
    introspection: { enabled: true, allowedPolicy: (ctx, by) => by.clientId === 'look' },
  },
  issueRefreshToken: (ctx, by) => by.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  pkce: { required: (ctx, by) => by.tokenEndpointAuthMethod === 'none' },
  ttl: {
    AccessToken: life, ClientCredentials: life, RefreshToken: 86400, Grant: 86400,
    DeviceCode: 300, Interaction: 600, Session: 3600, IdToken: 600,
  },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  cookies: { keys: ['of the tests'] },
});

// --- what happened ---------------------------------------------------------

const events = [];
const note = (word) => events.push([Date.now(), word]);
for (const name of ['grant.success', 'grant.error', 'grant.revoked', 'access_token.issued',
  'refresh_token.saved', 'refresh_token.consumed']) {
  provider.on(name, (...about) => {
    const error = about.find((each) => each instanceof Error);
    note(name + (error ? ` ${error.error || error.message}` : ''));
  });
}
provider.on('server_error', (ctx, error) => note(`server_error ${error.stack}`));

// --- the person: logs in as whom the hint names, and agrees ------------------

async function interact(req, res) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(req, res);

  if (params.login_hint === 'no@example.test') {
    return provider.interactionFinished(req, res, {
      error: 'access_denied', error_description: 'the person said no' });
  }
  if (prompt.name === 'login') {
    return provider.interactionFinished(req, res, {
      login: { accountId: params.login_hint || env.ACCOUNT || 'alice@example.test' } });
  }
  const grant = grantId ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (prompt.details.missingOIDCScope) {
    grant.addOIDCScope(prompt.details.missingOIDCScope.join(' '));
  }
  return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } },
    { mergeWithLastSubmission: true });
}

// --- the hand ----------------------------------------------------------------

const faults = [];
const usual = provider.callback();

const hands = {
  'drop-before': (req) => { req.socket.destroy(); },
  'drop-after': (req, res) => {
    res.writeHead = () => res;
    res.write = () => true;
    res.end = () => { req.socket.destroy(); return res; };
    return usual(req, res);
  },
  reply: (req, res, fault) => {
    req.resume();
    res.writeHead(fault.status, { 'content-type': fault.type || 'application/json',
      ...fault.headers });
    res.end(fault.body || '');
  },
  delay: (req, res, fault) => setTimeout(() => usual(req, res), fault.ms),
  'string-expires': (req, res) => {
    const end = res.end.bind(res);

    res.end = (body, ...more) => {
      const text = String(body).replace(/"expires_in":(\d+)/, '"expires_in":"$1"');

      res.setHeader('content-length', Buffer.byteLength(text));
      return end(text, ...more);
    };
    return usual(req, res);
  },
};

async function all(req) {
  let text = '';

  for await (const piece of req) text += piece;
  return text;
}

async function handle(req, res) {
  const { pathname } = new URL(req.url, issuer);

  if (pathname === '/_test/faults') {
    faults.push(...JSON.parse(await all(req)));
    return res.end();
  }
  if (pathname === '/_test/events') {
    return res.end(JSON.stringify(events.splice(0)));
  }
  if (pathname.startsWith('/interaction/')) return interact(req, res);
  if (pathname === '/token' && req.method === 'POST') {
    const fault = faults.shift();

    note(fault ? `token ${fault.kind}` : 'token');
    if (fault) return hands[fault.kind](req, res, fault);
  }
  return usual(req, res);
}

https.createServer({ key: fs.readFileSync(env.KEY), cert: fs.readFileSync(env.CERT) },
  (req, res) => {
    Promise.resolve(handle(req, res)).catch((error) => {
      note(`broken ${error.stack}`);
      res.destroy();
    });
  }).listen(Number(env.PORT), '127.0.0.1', () => console.log('ready'));
process.stdin.on('end', () => process.exit(0)).resume();

// A frontend's session, with Supabase's own client: signs in, reads and writes, talks to the host, stays signed in, signs out.

import assert from 'node:assert/strict';
import { createClient } from '@supabase/supabase-js';

const { SUPABASE_URL, SUPABASE_PUB_KEY, HOST_URL, EMAIL, OTHER_EMAIL, PASSWORD } = process.env;

// Realtime is not used, and Node.js 20 has no WebSocket for it.
const newClient = () =>
  createClient(SUPABASE_URL, SUPABASE_PUB_KEY, {
    db: { schema: 'api' },
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: class {} },
  });

const ok = ({ data, error }) => {
  assert.equal(error, null);
  return data;
};

const supabase = newClient();

// Nobody is signed in.
const { error: anonymous } = await supabase.from('contacts').select();
assert.equal(anonymous.code, '42501');

const { error: refused } = await supabase.auth.signInWithPassword({ email: EMAIL, password: 'wrong' });
assert.deepEqual([refused.name, refused.status, refused.code], ['AuthApiError', 400, 'invalid_credentials']);
assert.equal(refused.message, 'Invalid login credentials');

const { user, session } = ok(await supabase.auth.signInWithPassword({ email: EMAIL, password: PASSWORD }));
assert.equal(user.email, EMAIL);
assert.equal(user.role, 'authenticated');
assert.equal(user.identities[0].provider, 'email');
assert.equal(session.token_type, 'bearer');

// The client verifies the token itself, with the published key.
const { claims, header } = ok(await supabase.auth.getClaims());
assert.equal(header.alg, 'ES256');
assert.deepEqual([claims.sub, claims.iss], [user.id, `${SUPABASE_URL}/auth/v1`]);
assert.equal(ok(await supabase.auth.getUser()).user.id, user.id);

// Rows: one's own, and all of the verbs.
const contacts = ok(await supabase.from('contacts').select('id, name, user_id').order('name'));
assert.ok(contacts.length > 1);
assert.ok(contacts.every((contact) => contact.user_id === user.id));

const added = ok(await supabase.from('contacts').insert({ name: 'Nora Paint', tags: ['new'] }).select().single());
assert.equal(added.user_id, user.id);
const changed = ok(await supabase.from('contacts').update({ phone: '555-0100' }).eq('id', added.id).select().single());
assert.equal(changed.phone, '555-0100');
const found = ok(await supabase.from('contacts').select('id').contains('tags', ['new']).ilike('name', 'nora%'));
assert.deepEqual(found, [{ id: added.id }]);
const { count } = await supabase.from('contacts').select('*', { count: 'exact', head: true });
assert.equal(count, contacts.length + 1);
ok(await supabase.from('contacts').delete().eq('id', added.id));
assert.equal(ok(await supabase.from('contacts').select('id').eq('id', added.id).maybeSingle()), null);

// Another user sees none of them, and writes none.
const other = newClient();
const { user: stranger } = ok(await other.auth.signInWithPassword({ email: OTHER_EMAIL, password: PASSWORD }));
assert.notEqual(stranger.id, user.id);
const theirs = ok(await other.from('contacts').select('id, user_id'));
assert.ok(theirs.length > 1 && theirs.every((contact) => contact.user_id === stranger.id));
assert.deepEqual(ok(await other.from('contacts').update({ notes: 'x' }).eq('id', contacts[0].id).select()), []);
assert.deepEqual(ok(await other.from('contacts').delete().eq('id', contacts[0].id).select()), []);
const { error: notMine } = await other.from('contacts').insert({ name: 'x', user_id: user.id });
assert.equal(notMine.code, '42501');

// The host takes the token.
const ask = (token) =>
  fetch(`${HOST_URL}/api/chat/stream`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ message: 'Hello' }),
  });
const answer = await ask(session.access_token);
assert.equal(answer.status, 200);
assert.match(await answer.text(), /"type":"complete"/);
assert.equal((await ask()).status, 401);
const conversations = ok(await supabase.from('agent_conversations').select('title'));
assert.deepEqual(conversations, [{ title: 'Hello' }]);

// Staying signed in.
const { session: renewed } = ok(await supabase.auth.refreshSession());
assert.notEqual(renewed.refresh_token, session.refresh_token);
assert.equal((await ask(renewed.access_token)).status, 200);
assert.equal(ok(await supabase.from('contacts').select('id')).length, contacts.length);

// Signing out ends the session.
assert.equal((await supabase.auth.signOut()).error, null);
const { error: ended } = await newClient().auth.refreshSession({ refresh_token: renewed.refresh_token });
assert.equal(ended.code, 'refresh_token_not_found');
const { error: gone } = await newClient().auth.getUser(renewed.access_token);
assert.equal(gone.name, 'AuthSessionMissingError');
assert.equal(ok(await other.auth.getUser()).user.id, stranger.id);

-- The owners of the two businesses of seed.sql, who sign in with an e-mail address and the password "sample-password".
-- For machines of developers: a project that others reach must not have users whose password is in a repository.

set search_path = '';

insert into auth.users (
  instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data,
  created_at, updated_at, confirmation_token, recovery_token, email_change, email_change_token_new)
select
  '00000000-0000-0000-0000-000000000000', owner.id, 'authenticated', 'authenticated', owner.email,
  extensions.crypt('sample-password', extensions.gen_salt('bf', 10)), now(),
  '{"provider": "email", "providers": ["email"]}', jsonb_build_object('business', owner.business),
  now(), now(), '', '', '', ''
from (values
  ('00000000-0000-0000-0000-000000000000'::uuid, 'owner@brightside.example', 'Brightside Painting'),
  ('11111111-1111-4111-8111-111111111111'::uuid, 'owner@harbor.example', 'Harbor Coatings')
) as owner (id, email, business)
on conflict do nothing;

insert into auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
select
  owner.id::text, owner.id,
  jsonb_build_object('sub', owner.id, 'email', owner.email, 'email_verified', true, 'phone_verified', false),
  'email', now(), now(), now()
from auth.users as owner
where owner.id in ('00000000-0000-0000-0000-000000000000', '11111111-1111-4111-8111-111111111111')
on conflict do nothing;

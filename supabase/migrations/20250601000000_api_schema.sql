-- The schema that PostgREST exposes, and what all of its tables share.

create schema api;
comment on schema api is 'The business data of painting contractors. Every row belongs to one user.';
revoke all on schema api from public;
grant usage on schema api to authenticated;

-- Functions that nobody calls over HTTP.
create schema if not exists private;
revoke all on schema private from public;

create function private.touch_updated_at() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end;
$$;

-- What every table of schema api needs to keep users apart. One place, so that no table can lack a part of it.
-- The subselect around auth.uid() makes PostgreSQL evaluate it once per statement instead of once per row.
create procedure private.protect(relation regclass)
language plpgsql
set search_path = ''
as $$
begin
  execute format('revoke all on %s from public, anon, authenticated', relation);
  execute format('grant select, insert, update, delete on %s to authenticated', relation);

  execute format('alter table %s enable row level security', relation);
  execute format('alter table %s force row level security', relation);
  execute format(
    'create policy own_rows_select on %s for select to authenticated using ((select auth.uid()) = user_id)', relation);
  execute format(
    'create policy own_rows_insert on %s for insert to authenticated with check ((select auth.uid()) = user_id)', relation);
  execute format(
    'create policy own_rows_update on %s for update to authenticated'
    ' using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id)', relation);
  execute format(
    'create policy own_rows_delete on %s for delete to authenticated using ((select auth.uid()) = user_id)', relation);

  execute format(
    'create trigger touch_updated_at before update on %s for each row execute function private.touch_updated_at()', relation);
end;
$$;

revoke all on all routines in schema private from public;

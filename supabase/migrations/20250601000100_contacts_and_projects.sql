-- Contacts and projects: what the other tables refer to.
--
-- References carry user_id, so that a row can only refer to a contact or project of the same user: foreign keys are not
-- subject to row-level security, and a plain one would accept, and so confirm, the id of somebody else's row. Deleting
-- the target clears the reference and keeps the row and the copied name.
--
-- The policies put user_id into every query, so it leads every index. Searched text has btree indexes, not trigram
-- ones: pattern operators are not leakproof, and under row-level security PostgreSQL never uses them as index conditions.

create table api.contacts (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  name text not null,
  email text,
  phone text,
  company text,
  address text,
  city text,
  state text,
  zip_code text,
  contact_type text not null default 'client' check (contact_type in ('client', 'supplier', 'lead')),
  last_contacted_at timestamptz,
  notes text,
  tags text[] not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, id)
);

create index contacts_name on api.contacts (user_id, name);
create index contacts_company on api.contacts (user_id, company);
create index contacts_email on api.contacts (user_id, email);
create index contacts_contact_type on api.contacts (user_id, contact_type);
create index contacts_last_contacted_at on api.contacts (user_id, last_contacted_at);

call private.protect('api.contacts');

create table api.projects (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  project_number text,
  name text not null,
  client_id uuid,
  client_name text,
  status text not null default 'draft' check (status in ('draft', 'active', 'on-hold', 'completed', 'cancelled')),
  description text,
  location text,
  square_footage numeric(12, 2),
  paint_type text,
  surface_type text,
  paint_brand text,
  paint_color text,
  number_of_coats integer,
  primer_needed boolean not null default false,
  start_date date,
  end_date date,
  estimated_duration_days integer,
  actual_completion_date date,
  estimated_cost numeric(14, 2),
  actual_cost numeric(14, 2),
  budget numeric(14, 2),
  assigned_team text[] not null default '{}',
  completion_percentage integer not null default 0 check (completion_percentage between 0 and 100),
  notes text,
  tags text[] not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, id),
  unique (user_id, project_number),
  foreign key (user_id, client_id) references api.contacts (user_id, id) on delete set null (client_id),
  constraint projects_not_nan check ('NaN' not in (square_footage, estimated_cost, actual_cost, budget))
);

create index projects_client_id on api.projects (user_id, client_id);
create index projects_client_name on api.projects (user_id, client_name);
create index projects_name on api.projects (user_id, name);
create index projects_status on api.projects (user_id, status);
create index projects_start_date on api.projects (user_id, start_date);
create index projects_end_date on api.projects (user_id, end_date);

call private.protect('api.projects');

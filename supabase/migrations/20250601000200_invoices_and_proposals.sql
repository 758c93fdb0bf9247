-- Invoices and proposals: what is asked for and what is owed.

create table api.invoices (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  invoice_number text,
  client_id uuid,
  client_name text,
  project_id uuid,
  project_name text,
  issue_date date not null default current_date,
  due_date date,
  subtotal numeric(14, 2) not null default 0,
  tax_rate numeric(7, 4) not null default 0,
  tax_amount numeric(14, 2) not null default 0,
  discount_amount numeric(14, 2) not null default 0,
  total_amount numeric(14, 2) not null default 0,
  amount_paid numeric(14, 2) not null default 0,
  balance_due numeric(14, 2) generated always as (total_amount - amount_paid) stored,
  line_items jsonb not null default '[]' check (jsonb_typeof(line_items) = 'array'),
  status text not null default 'draft'
    check (status in ('draft', 'sent', 'viewed', 'partial', 'paid', 'overdue', 'cancelled')),
  payment_method text,
  payment_date date,
  notes text,
  terms text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, id),
  unique (user_id, invoice_number),
  foreign key (user_id, client_id) references api.contacts (user_id, id) on delete set null (client_id),
  foreign key (user_id, project_id) references api.projects (user_id, id) on delete set null (project_id),
  constraint invoices_not_nan
    check ('NaN' not in (subtotal, tax_rate, tax_amount, discount_amount, total_amount, amount_paid))
);

comment on column api.invoices.tax_rate is 'Per cent: 8.25 means 8.25 %.';
comment on column api.invoices.line_items is 'Array of {description, quantity, unit_price, total}.';

create index invoices_client_id on api.invoices (user_id, client_id);
create index invoices_client_name on api.invoices (user_id, client_name);
create index invoices_project_id on api.invoices (user_id, project_id);
create index invoices_status on api.invoices (user_id, status, due_date);
create index invoices_issue_date on api.invoices (user_id, issue_date);
create index invoices_due_date on api.invoices (user_id, due_date);
create index invoices_payment_date on api.invoices (user_id, payment_date);

call private.protect('api.invoices');

create table api.proposals (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  proposal_number text,
  title text not null,
  client_id uuid,
  client_name text,
  description text,
  scope_of_work text,
  subtotal numeric(14, 2) not null default 0,
  tax_rate numeric(7, 4) not null default 0,
  tax_amount numeric(14, 2) not null default 0,
  discount_amount numeric(14, 2) not null default 0,
  total_amount numeric(14, 2) not null default 0,
  sections jsonb not null default '[]' check (jsonb_typeof(sections) = 'array'),
  issue_date date not null default current_date,
  valid_until date,
  accepted_date date,
  status text not null default 'draft' check (status in ('draft', 'sent', 'viewed', 'accepted', 'rejected', 'expired')),
  terms text,
  notes text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, id),
  unique (user_id, proposal_number),
  foreign key (user_id, client_id) references api.contacts (user_id, id) on delete set null (client_id),
  constraint proposals_not_nan check ('NaN' not in (subtotal, tax_rate, tax_amount, discount_amount, total_amount))
);

comment on column api.proposals.tax_rate is 'Per cent: 8.25 means 8.25 %.';
comment on column api.proposals.sections is 'Array of {section_name, items, section_total}.';

create index proposals_client_id on api.proposals (user_id, client_id);
create index proposals_client_name on api.proposals (user_id, client_name);
create index proposals_title on api.proposals (user_id, title);
create index proposals_status on api.proposals (user_id, status);
create index proposals_issue_date on api.proposals (user_id, issue_date);
create index proposals_valid_until on api.proposals (user_id, valid_until);
create index proposals_accepted_date on api.proposals (user_id, accepted_date);

call private.protect('api.proposals');

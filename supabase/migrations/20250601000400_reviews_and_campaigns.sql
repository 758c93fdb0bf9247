-- Reviews and campaigns: what clients say, and how new ones are found.

create table api.reviews (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  client_id uuid,
  client_name text,
  project_id uuid,
  project_name text,
  rating integer not null check (rating between 1 and 5),
  title text,
  review_text text,
  platform text,
  platform_url text,
  status text not null default 'pending' check (status in ('pending', 'approved', 'published', 'responded', 'flagged')),
  response_text text,
  response_date date,
  responded_by text,
  review_date date not null default current_date,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, id),
  foreign key (user_id, client_id) references api.contacts (user_id, id) on delete set null (client_id),
  foreign key (user_id, project_id) references api.projects (user_id, id) on delete set null (project_id)
);

create index reviews_client_id on api.reviews (user_id, client_id);
create index reviews_client_name on api.reviews (user_id, client_name);
create index reviews_project_id on api.reviews (user_id, project_id);
create index reviews_status on api.reviews (user_id, status);
create index reviews_rating on api.reviews (user_id, rating);
create index reviews_review_date on api.reviews (user_id, review_date);
create index reviews_response_date on api.reviews (user_id, response_date);

call private.protect('api.reviews');

create table api.campaigns (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  name text not null,
  campaign_type text not null default 'email'
    check (campaign_type in ('email', 'sms', 'social', 'direct-mail', 'referral')),
  description text,
  start_date date,
  end_date date,
  status text not null default 'draft'
    check (status in ('draft', 'scheduled', 'active', 'paused', 'completed', 'cancelled')),
  budget numeric(14, 2),
  actual_cost numeric(14, 2) not null default 0,
  revenue_generated numeric(14, 2) not null default 0,
  target_audience_count integer not null default 0,
  sent_count integer not null default 0,
  delivered_count integer not null default 0,
  opened_count integer not null default 0,
  clicked_count integer not null default 0,
  converted_count integer not null default 0,
  content jsonb not null default '{}',
  tags text[] not null default '{}',
  notes text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, id),
  constraint campaigns_not_nan check ('NaN' not in (budget, actual_cost, revenue_generated))
);

comment on table api.campaigns is 'Rates and return on investment are derived from the counts and amounts.';

create index campaigns_name on api.campaigns (user_id, name);
create index campaigns_campaign_type on api.campaigns (user_id, campaign_type);
create index campaigns_status on api.campaigns (user_id, status);
create index campaigns_start_date on api.campaigns (user_id, start_date);
create index campaigns_end_date on api.campaigns (user_id, end_date);

call private.protect('api.campaigns');

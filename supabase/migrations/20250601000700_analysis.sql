-- What agents ask about that no single column holds. The views run as the caller, so row-level security applies.

-- How campaigns did. A rate is a percentage, and null where there is nothing to divide by.
create view api.campaign_results with (security_invoker = true) as
select
  id, user_id, name, campaign_type, status, start_date, end_date, budget, actual_cost, revenue_generated,
  target_audience_count, sent_count, delivered_count, opened_count, clicked_count, converted_count,
  round(100.0 * opened_count / nullif(delivered_count, 0), 2) as open_rate,
  round(100.0 * clicked_count / nullif(delivered_count, 0), 2) as click_rate,
  round(100.0 * converted_count / nullif(delivered_count, 0), 2) as conversion_rate,
  round(actual_cost / nullif(converted_count, 0), 2) as cost_per_conversion,
  round(100.0 * (revenue_generated - actual_cost) / nullif(actual_cost, 0), 2) as roi
from api.campaigns;

comment on view api.campaign_results is 'Rates of what was delivered, and return on cost, in per cent.';

-- What projects were to cost and what they cost so far.
create view api.project_budgets with (security_invoker = true) as
select
  id, user_id, project_number, name, client_name, status, start_date, end_date, actual_completion_date,
  completion_percentage, budget, estimated_cost, coalesce(actual_cost, 0) as actual_cost,
  budget - coalesce(actual_cost, 0) as remaining,
  round(100 * coalesce(actual_cost, 0) / nullif(budget, 0), 2) as used_percentage,
  coalesce(actual_cost > budget, false) as over_budget
from api.projects;

-- Who works on which project: a row for each member of its team.
create view api.project_crew with (security_invoker = true) as
select p.id, p.user_id, p.project_number, p.name, p.status, p.start_date, p.end_date, member
from api.projects as p cross join unnest(p.assigned_team) as member;

-- Most invoices are history; the open ones are asked for every day.
create index invoices_open on api.invoices (user_id, due_date) where balance_due > 0;

-- A new number follows the newest ones.
create index invoices_created_at on api.invoices (user_id, created_at);
create index projects_created_at on api.projects (user_id, created_at);
create index proposals_created_at on api.proposals (user_id, created_at);

-- Accepting a proposal, as a row: the insert marks the proposal as accepted and makes the project, all or nothing.
create table api.proposal_acceptances (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  proposal_id uuid not null,
  accepted_date date not null default current_date,
  -- What the project is called, the proposal's title if it is left out.
  project_name text,
  project_number text,
  start_date date,
  project_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, id),
  -- A proposal is accepted once.
  constraint proposal_acceptances_once unique (user_id, proposal_id),
  foreign key (user_id, proposal_id) references api.proposals (user_id, id) on delete cascade,
  foreign key (user_id, project_id) references api.projects (user_id, id) on delete set null (project_id)
);

create index proposal_acceptances_project_id on api.proposal_acceptances (user_id, project_id);

call private.protect('api.proposal_acceptances');
-- What happened stays.
revoke update, delete on api.proposal_acceptances from authenticated;

create function private.accept_proposal() returns trigger
language plpgsql
set search_path = ''
as $$
declare
  proposal api.proposals;
begin
  select * into proposal from api.proposals as p where p.id = new.proposal_id and p.user_id = new.user_id for update;
  if not found then
    raise foreign_key_violation using message = 'there is no such proposal', constraint = 'proposal_acceptances_proposal';
  end if;
  -- A client accepts what was sent.
  if proposal.status not in ('sent', 'viewed') then
    raise check_violation using message = 'the proposal is not open', constraint = 'proposal_acceptances_open';
  end if;
  update api.proposals as p set status = 'accepted', accepted_date = new.accepted_date where p.id = proposal.id;
  new.project_name := coalesce(new.project_name, proposal.title);
  -- The tax isn't there to be spent on the job.
  insert into api.projects (
    user_id, project_number, name, client_id, client_name, description, start_date, estimated_cost, budget)
  values (
    new.user_id, new.project_number, new.project_name, proposal.client_id, proposal.client_name,
    coalesce(proposal.scope_of_work, proposal.description), new.start_date,
    proposal.total_amount - proposal.tax_amount, proposal.total_amount - proposal.tax_amount)
  returning id into new.project_id;
  return new;
end;
$$;

revoke all on function private.accept_proposal() from public;
create trigger accept_proposal before insert on api.proposal_acceptances
for each row execute function private.accept_proposal();

revoke all on api.campaign_results, api.project_budgets, api.project_crew from public, anon, authenticated;
grant select on api.campaign_results, api.project_budgets, api.project_crew to authenticated;

-- An answer takes no longer the longer a business exists.

-- The REST server prepares its statements, with the values of filters as parameters. After five runs PostgreSQL may plan
-- such a statement once and for all, for any value, and then reads a user's whole history: no partial index fits any
-- value, and how many rows are overdue or open can't be estimated. To plan each run costs less than a millisecond.
alter role authenticator set plan_cache_mode = 'force_custom_plan';

-- Lists begin with the newest, and those without a date end them. An index in ascending order read backwards begins with
-- those, so that all rows would be sorted to show a page.
create index invoices_newest on api.invoices (user_id, issue_date desc nulls last, id);
create index proposals_newest on api.proposals (user_id, issue_date desc nulls last, id);
create index projects_newest on api.projects (user_id, start_date desc nulls last, id);
create index campaigns_newest on api.campaigns (user_id, start_date desc nulls last, id);
create index reviews_newest on api.reviews (user_id, review_date desc nulls last, id);
create index appointments_newest on api.appointments (user_id, appointment_date desc nulls last, id);
create index tasks_newest on api.tasks (user_id, due_date desc nulls last, id);

-- What is open is little and young, and asked for by its oldest first: in an index over all, those come after everything
-- that is done.
create index tasks_open on api.tasks (user_id, due_date, title) where status in ('todo', 'in-progress');
create index projects_open on api.projects (user_id, end_date, id) where status in ('draft', 'active', 'on-hold');
create index proposals_open on api.proposals (user_id, valid_until, id) where status in ('sent', 'viewed');
create index goals_open on api.goals (user_id, end_date, title) where status in ('active', 'overdue');

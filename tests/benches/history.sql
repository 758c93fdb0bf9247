-- A business with `$rows` rows in every table, from `$years` years ago until two weeks from now, evenly. What is younger
-- than three weeks or still to come is open, and of the rest one row in `$left`.
insert into api.contacts (user_id, name, company, email, phone, city, contact_type, last_contacted_at, created_at)
select '$user', 'Client ' || n, 'Company ' || n % 900, 'client' || n || '@example.com', '555-0' || 100 + n % 900, 'Oakland',
  (array['client', 'client', 'lead', 'supplier'])[1 + n % 4], case when left_over then day - 100 else current_date - n % 50 end, day
from history;
insert into api.projects (user_id, project_number, name, client_name, status, start_date, end_date, actual_completion_date, estimated_cost,
  actual_cost, budget, assigned_team, completion_percentage, created_at)
select '$user', 'PRJ-' || n, 'Project ' || n, 'Client ' || n, case when open then 'active' else 'completed' end, day - 10, day,
  case when open then null else day end, 4000, case when open then 1000 else 3900 end, 4200, array['Person ' || n % 7],
  case when open then 30 else 100 end, day - 20
from history;
insert into api.invoices (user_id, invoice_number, client_name, project_name, issue_date, due_date, subtotal, total_amount, amount_paid,
  payment_date, payment_method, status, created_at)
select '$user', 'INV-' || n, 'Client ' || n, 'Project ' || n, day - 30, day, 500, 500, case when open then 0 else 500 end,
  case when open then null else day - 10 end, case when open then null else 'check' end, case when open then 'sent' else 'paid' end, day - 30
from history;
insert into api.proposals (user_id, proposal_number, title, client_name, subtotal, total_amount, issue_date, valid_until, accepted_date,
  status, created_at)
select '$user', 'PRO-' || n, 'Proposal ' || n, 'Client ' || n, 900, 900, day - 30, day, case when open or n % 3 = 0 then null else day - 15 end,
  case when open then 'sent' when n % 3 = 0 then 'rejected' else 'accepted' end, day - 30
from history;
insert into api.appointments (user_id, title, client_name, appointment_date, start_time, end_time, duration_minutes, appointment_type,
  status, assigned_to, created_at)
select '$user', 'Visit ' || n, 'Client ' || n, day, make_time((8 + n % 9)::integer, 0, 0), make_time((9 + n % 9)::integer, 0, 0), 60,
  'estimate', case when day < current_date then 'completed' else 'scheduled' end, 'Person ' || n % 7, day - 7
from history;
insert into api.tasks (user_id, title, project_name, status, priority, assigned_to, due_date, completed_date, created_at)
select '$user', 'Task ' || n, 'Project ' || n, case when open then 'todo' else 'completed' end,
  (array['low', 'medium', 'high', 'urgent'])[1 + n % 4], 'Person ' || n % 7, day, case when open then null else day end, day - 7
from history;
insert into api.reviews (user_id, client_name, project_name, rating, title, review_text, platform, review_date, status, response_text,
  response_date, created_at)
select '$user', 'Client ' || n, 'Project ' || n, 1 + n % 5, 'Review ' || n, 'They painted the house.', 'google', least(day, current_date),
  case when left_over then 'published' else 'responded' end, case when left_over then null else 'Thank you!' end,
  case when left_over then null else day end, day
from history;
insert into api.campaigns (user_id, name, campaign_type, start_date, end_date, status, budget, actual_cost, revenue_generated,
  target_audience_count, sent_count, delivered_count, opened_count, clicked_count, converted_count, created_at)
select '$user', 'Campaign ' || n, (array['email', 'sms', 'social', 'direct-mail', 'referral'])[1 + n % 5], day - 20, day,
  case when open then 'active' else 'completed' end, 500, 400, 300 + n % 900, 1000, 1000, 900, 90 + n % 300, 10 + n % 50, 1 + n % 9, day - 20
from history;
insert into api.goals (user_id, title, goal_type, target_value, current_value, unit, start_date, end_date, status, created_at)
select '$user', 'Goal ' || n, (array['revenue', 'projects', 'clients', 'satisfaction'])[1 + n % 4], 100000, n % 100000,
  case when n % 4 = 0 then '$' else 'jobs' end, day - 90, day, case when left_over then 'active' else 'completed' end, day - 90
from history;

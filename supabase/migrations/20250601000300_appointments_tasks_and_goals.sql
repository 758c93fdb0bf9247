-- Appointments, tasks and goals: what is to be done, and when.

create table api.appointments (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  title text not null,
  client_id uuid,
  client_name text,
  project_id uuid,
  project_name text,
  appointment_date date not null,
  start_time time,
  end_time time,
  duration_minutes integer,
  location text,
  appointment_type text not null default 'consultation'
    check (appointment_type in ('consultation', 'estimate', 'painting', 'follow-up')),
  status text not null default 'scheduled'
    check (status in ('scheduled', 'confirmed', 'in-progress', 'completed', 'cancelled', 'no-show', 'rescheduled')),
  assigned_to text,
  reminder_sent boolean not null default false,
  notes text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, id),
  foreign key (user_id, client_id) references api.contacts (user_id, id) on delete set null (client_id),
  foreign key (user_id, project_id) references api.projects (user_id, id) on delete set null (project_id)
);

create index appointments_client_id on api.appointments (user_id, client_id);
create index appointments_client_name on api.appointments (user_id, client_name);
create index appointments_project_id on api.appointments (user_id, project_id);
create index appointments_title on api.appointments (user_id, title);
create index appointments_status on api.appointments (user_id, status);
create index appointments_appointment_date on api.appointments (user_id, appointment_date, start_time);

call private.protect('api.appointments');

create table api.tasks (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  title text not null,
  description text,
  project_id uuid,
  project_name text,
  client_id uuid,
  client_name text,
  status text not null default 'todo' check (status in ('todo', 'in-progress', 'completed', 'cancelled')),
  priority text not null default 'medium' check (priority in ('low', 'medium', 'high', 'urgent')),
  assigned_to text,
  due_date date,
  completed_date date,
  tags text[] not null default '{}',
  checklist jsonb not null default '[]' check (jsonb_typeof(checklist) = 'array'),
  notes text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, id),
  foreign key (user_id, client_id) references api.contacts (user_id, id) on delete set null (client_id),
  foreign key (user_id, project_id) references api.projects (user_id, id) on delete set null (project_id)
);

comment on column api.tasks.checklist is 'Array of {item, completed}.';

create index tasks_client_id on api.tasks (user_id, client_id);
create index tasks_project_id on api.tasks (user_id, project_id);
create index tasks_title on api.tasks (user_id, title);
create index tasks_status on api.tasks (user_id, status, due_date);
create index tasks_due_date on api.tasks (user_id, due_date);
create index tasks_completed_date on api.tasks (user_id, completed_date);

call private.protect('api.tasks');

create table api.goals (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  title text not null,
  description text,
  goal_type text not null default 'revenue' check (goal_type in ('revenue', 'projects', 'clients', 'satisfaction')),
  target_value numeric(14, 2) not null default 0,
  current_value numeric(14, 2) not null default 0,
  unit text,
  start_date date,
  end_date date,
  status text not null default 'active' check (status in ('active', 'completed', 'cancelled', 'overdue')),
  progress_percentage numeric(5, 2) generated always as (
    case when target_value > 0 then greatest(0, least(100, round(current_value / target_value * 100, 2))) else 0 end
  ) stored,
  notes text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, id),
  constraint goals_not_nan check ('NaN' not in (target_value, current_value))
);

create index goals_title on api.goals (user_id, title);
create index goals_status on api.goals (user_id, status);
create index goals_start_date on api.goals (user_id, start_date);
create index goals_end_date on api.goals (user_id, end_date);

call private.protect('api.goals');

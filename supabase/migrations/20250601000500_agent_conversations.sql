-- Conversations with the agents, and their messages.

create table api.agent_conversations (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  title text,
  last_message_at timestamptz,
  message_count integer not null default 0,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, id)
);

create index agent_conversations_last_message_at on api.agent_conversations (user_id, last_message_at desc);
create index agent_conversations_updated_at on api.agent_conversations (user_id, updated_at desc);

call private.protect('api.agent_conversations');

create table api.agent_messages (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  conversation_id uuid not null,
  role text not null check (role in ('user', 'assistant')),
  content text not null,
  -- Free text: third parties add agents.
  agent_type text,
  metadata jsonb not null default '{}',
  -- The clock and not the transaction's start, so that messages written together keep their order.
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default now(),
  unique (user_id, id),
  foreign key (user_id, conversation_id) references api.agent_conversations (user_id, id) on delete cascade
);

create index agent_messages_conversation_id on api.agent_messages (user_id, conversation_id, created_at);

call private.protect('api.agent_messages');

-- Runs as the writer: the conversation is the writer's own, by the foreign key. Counting up and down rather than
-- counting again stays right when two messages are written at the same time.
create function private.count_agent_messages() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if tg_op in ('DELETE', 'UPDATE') then
    update api.agent_conversations as conversation
    set
      message_count = conversation.message_count - 1,
      last_message_at = (
        select max(message.created_at)
        from api.agent_messages as message
        where message.user_id = old.user_id and message.conversation_id = old.conversation_id
      )
    where conversation.user_id = old.user_id and conversation.id = old.conversation_id;
  end if;
  if tg_op in ('INSERT', 'UPDATE') then
    update api.agent_conversations as conversation
    set
      message_count = conversation.message_count + 1,
      last_message_at = greatest(conversation.last_message_at, new.created_at)
    where conversation.user_id = new.user_id and conversation.id = new.conversation_id;
  end if;
  return null;
end;
$$;

revoke all on function private.count_agent_messages() from public;

create trigger count_agent_messages
after insert or delete or update of conversation_id on api.agent_messages
for each row execute function private.count_agent_messages();

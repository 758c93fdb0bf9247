-- What model calls used: a row for each agent and model of a turn, out of the metadata of the message that ended the turn.
-- It runs as the caller, so row-level security applies. Users may write their own rows: what is no number, or is below
-- zero, counts nothing.
--
-- Sums per conversation, agent, model or day come from api.aggregate, such as
--   {"table": "agent_usage", "group_by": [{"column": "conversation_id"}], "limit": 100,
--    "measures": [{"function": "sum", "column": "tokens", "name": "tokens"}, {"function": "sum", "column": "cost_usd", "name": "cost_usd"}]}
-- and an operator's, over all users, from the same view as a role that row-level security doesn't hold back.

create view api.agent_usage with (security_invoker = true) as
select
  message.id as message_id, message.user_id, message.conversation_id, message.created_at,
  share ->> 'agent_type' as agent_type, share ->> 'model' as model,
  figure.calls, figure.input_tokens, figure.output_tokens, figure.cached_input_tokens,
  figure.input_tokens + figure.output_tokens as tokens,
  -- Null where the model's price is not known.
  case when jsonb_typeof(share -> 'cost_usd') = 'number' then greatest((share ->> 'cost_usd')::numeric, 0) end as cost_usd
from api.agent_messages as message
cross join jsonb_array_elements(
  case jsonb_typeof(message.metadata #> '{usage,by_agent}') when 'array' then message.metadata #> '{usage,by_agent}' else '[]' end
) as share
cross join lateral (
  select
    case when jsonb_typeof(share -> 'calls') = 'number' then greatest((share ->> 'calls')::numeric, 0) else 0 end as calls,
    case when jsonb_typeof(share -> 'input_tokens') = 'number' then greatest((share ->> 'input_tokens')::numeric, 0) else 0 end
      as input_tokens,
    case when jsonb_typeof(share -> 'output_tokens') = 'number' then greatest((share ->> 'output_tokens')::numeric, 0) else 0 end
      as output_tokens,
    case when jsonb_typeof(share -> 'cached_input_tokens') = 'number'
      then greatest((share ->> 'cached_input_tokens')::numeric, 0) else 0 end as cached_input_tokens
) as figure
where message.metadata ? 'usage';

comment on view api.agent_usage is 'Tokens and estimated cost of model calls, by turn, agent and model.';

-- A user's sum of today is read at the first question of the day.
create index agent_messages_usage on api.agent_messages (user_id, created_at) where metadata ? 'usage';

revoke all on api.agent_usage from public, anon, authenticated;
grant select on api.agent_usage to authenticated;

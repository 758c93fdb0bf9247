-- The best campaigns ever come from an index, however many there were: in the order in which the view of results computes
-- their return, and those without a return, which are named apart.
create index campaigns_best on api.campaigns
  (user_id, round(100.0 * (revenue_generated - actual_cost) / nullif(actual_cost, 0), 2) desc nulls last, name);
create index campaigns_without_cost on api.campaigns (user_id, name) where actual_cost = 0;

-- An answer takes no longer the longer a business exists.

-- The REST server prepares its statements, with the values of filters as parameters. After five runs PostgreSQL may plan
-- such a statement once and for all, for any value, and then reads a user's whole history: no partial index fits any
-- value, and how many rows are overdue or open can't be estimated. To plan each run costs less than a millisecond.
alter role authenticator set plan_cache_mode = 'force_custom_plan';

create table email_queue_private.budget_lock ();
comment on table email_queue_private.budget_lock is 'Empty. Begins share its lock; what changes the budget has it alone.';

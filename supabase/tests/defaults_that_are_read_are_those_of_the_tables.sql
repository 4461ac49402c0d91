begin;
\ir helpers.psql
select plan(3);

delete from email_queue_private.setting;
delete from email_queue_private.budget;
delete from email_queue_private.wiring;
create temp table missing as select to_jsonb(email_queue_private.settings()) as setting, to_jsonb(email_queue_private.budget_now()) as budget,
  to_jsonb(email_queue_private.wiring_now()) as wiring;
insert into email_queue_private.setting default values;
insert into email_queue_private.budget default values;
insert into email_queue_private.wiring default values;

select is((select setting from missing), (select to_jsonb(s) from email_queue_private.setting as s), 'settings');
select is((select budget from missing), (select to_jsonb(b) from email_queue_private.budget as b), 'the budget');
select is((select wiring from missing), (select to_jsonb(w) from email_queue_private.wiring as w), 'how the function is called');

select * from finish();
rollback;

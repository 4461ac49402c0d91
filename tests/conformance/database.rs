//! The database's functions, over a connection as PostgREST has one. Time is moved by putting back every time that is stored.

use crate::subject::Subject;
use email_queue::protocol::{
    Cancelled, Dispatch, Enqueued, Erased, NewMessage, NewTemplate, QueueMessage, SettleResult,
    Unsuppressed, WorkReply, WorkRequest,
};
use postgres::types::ToSql;
use postgres::{Client, Config, NoTls};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

/// Tests run side by side, as threads or as processes: they take turns with the one database.
const TURN: i64 = 0x656d_6169_6c71;
const TABLES: [&str; 15] = [
    "event",
    "evidence",
    "message",
    "body",
    "ready",
    "dispatch",
    "paused_domain",
    "breaker",
    "budget",
    "suppression",
    "suppression_filter",
    "suppression_recent",
    "template",
    "audit",
    "further_addressee",
];

/// A connection, whose turn it is until it is dropped.
pub struct Database {
    /// As `authenticator`, with the role `service_role`.
    client: Client,
    owner: Client,
    /// A statement for each table with times.
    put_back: Vec<String>,
}

impl Database {
    /// An empty queue; `None` where there is no database and none is required.
    pub fn connect() -> Option<Self> {
        let Ok(url) = std::env::var("DATABASE_URL") else {
            assert!(
                std::env::var_os("EMAIL_QUEUE_REQUIRE_DATABASE").is_none(),
                "DATABASE_URL is not set: give the address of a database with the migrations applied, whose queue may be emptied",
            );
            println!("not run: DATABASE_URL is not set, so only the queue in memory is tested");
            return None;
        };
        let mut owner = Client::connect(&url, NoTls).expect("DATABASE_URL can be connected to");
        owner
            .execute("select pg_advisory_lock($1)", &[&TURN])
            .unwrap();
        let reset = format!(
            "truncate {}; insert into email_queue_private.budget default values;
             select setval('email_queue_private.next_slot', 0);
             delete from email_queue_private.setting; insert into email_queue_private.setting default values;
             insert into email_queue_private.wiring (cron_line) values ('* * * * *') on conflict (singleton) do update set cron_line = excluded.cron_line",
            TABLES.map(|table| format!("email_queue_private.{table}")).join(", "),
        );
        owner
            .batch_execute(&reset)
            .expect("the migrations are applied");
        let mut client = url
            .parse::<Config>()
            .unwrap()
            .user("authenticator")
            .connect(NoTls)
            .expect("authenticator can log in");
        client.batch_execute("set role service_role").unwrap();
        let columns = owner
            .query(
                "select table_name::text, string_agg(format('%1$I = %1$I - $1::text::interval', column_name), ', ')
                 from information_schema.columns
                 where table_schema = 'email_queue_private' and data_type = 'timestamp with time zone'
                 group by table_name",
                &[],
            )
            .unwrap();
        let put_back = columns.iter().map(|row| {
            let (table, set): (String, String) = (row.get(0), row.get(1));
            format!("update email_queue_private.{table} set {set}")
        });
        Some(Self {
            put_back: put_back.collect(),
            client,
            owner,
        })
    }

    /// `outer @> inner`.
    pub fn contains(&mut self, outer: &Value, inner: &Value) -> bool {
        self.call("select to_jsonb($1::jsonb @> $2)", &[outer, inner])
    }

    /// What the database says of a sender: the field and the message.
    pub fn sender_fault(&mut self, sender: &Value) -> (Option<String>, Option<String>) {
        let sql = "select jsonb_build_array(f.field, f.message) from email_queue_private.sender_fault($1) as f";
        self.call(sql, &[sender])
    }

    /// Why the database refuses an e-mail.
    pub fn refusal(&mut self, payload: &Value) -> String {
        let sql = "select public.email_queue_enqueue($1)";
        let error = self.client.query_one(sql, &[payload]).unwrap_err();
        error
            .as_db_error()
            .expect("the database's own error")
            .message()
            .to_owned()
    }

    /// Pauses a domain, or names the field that is wrong.
    pub fn try_pause(&mut self, domain: &str) -> Result<(), String> {
        let sql = "select public.email_queue_pause('why', $1)";
        match self.client.query_one(sql, &[&domain]) {
            Ok(_) => Ok(()),
            Err(error) => Err(field_of(&error)),
        }
    }

    /// A template with its variables, or why not.
    pub fn rendered(&mut self, template: &NewTemplate, variables: &Value) -> Result<Value, String> {
        let put = "select public.email_queue_template_put($1, $2, $3, $4)";
        let show = "select public.email_queue_template_preview($1, $2)";
        let NewTemplate {
            name,
            subject,
            html,
            text,
            ..
        } = template;
        let said = |error: postgres::Error| {
            field_of(&error);
            error
                .as_db_error()
                .expect("the database's own error")
                .message()
                .to_owned()
        };
        self.client
            .query_one(put, &[name, subject, html, text])
            .map_err(said)?;
        let shown = self.client.query_one(show, &[name, variables]);
        shown.map(|row| row.get(0)).map_err(said)
    }

    fn call<T: DeserializeOwned>(&mut self, sql: &str, arguments: &[&(dyn ToSql + Sync)]) -> T {
        let row = self
            .client
            .query_one(sql, arguments)
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let answer: Value = row.get(0);
        serde_json::from_str(&answer.to_string())
            .unwrap_or_else(|error| panic!("{error}: {answer:#}"))
    }
}

fn field_of(error: &postgres::Error) -> String {
    let error = error.as_db_error().expect("the database's own error");
    assert_eq!(error.code().code(), "22023", "{error}");
    let detail = error.detail().expect("it has a detail");
    let field = detail.strip_prefix("field=").expect("it names the field");
    field.to_owned()
}

impl Subject for Database {
    fn enqueue(&mut self, messages: &[NewMessage]) -> Result<Vec<Enqueued>, String> {
        let messages = json!(messages);
        match self
            .client
            .query_one("select public.email_queue_enqueue_many($1)", &[&messages])
        {
            Ok(row) => Ok(serde_json::from_value(row.get(0)).unwrap()),
            Err(error) => Err(field_of(&error)),
        }
    }

    fn work(&mut self, request: &WorkRequest) -> WorkReply {
        let reply: WorkReply = self.call(
            "select public.email_queue_worker_work($1)",
            &[&json!(request)],
        );
        assert_eq!(reply.claim_error, None);
        reply
    }

    fn get(&mut self, id: &str) -> QueueMessage {
        self.call("select public.email_queue_get($1::text::uuid)", &[&id])
    }

    fn list(&mut self, status: &str) -> Vec<QueueMessage> {
        self.call("select public.email_queue_list($1, null, 1000)", &[&status])
    }

    fn search(&mut self, metadata: &Value) -> Vec<QueueMessage> {
        let sql = "select public.email_queue_list('pending', p_metadata => $1)";
        self.call(sql, &[metadata])
    }

    fn advance(&mut self, by: Duration) {
        let text = format!("{} milliseconds", by.as_millis());
        let mut transaction = self.owner.transaction().unwrap();
        for statement in &self.put_back {
            transaction.execute(statement, &[&text]).unwrap();
        }
        transaction
            .execute(
                "select setval('email_queue_private.next_slot', greatest(0, last_value - 1000 * $1::bigint))
                 from email_queue_private.next_slot",
                &[&(by.as_millis() as i64)],
            )
            .unwrap();
        transaction.commit().unwrap();
    }

    fn configure(&mut self, settings: Value) {
        let _: Value = self.call("select public.email_queue_configure($1)", &[&settings]);
    }

    fn pause(&mut self, reason: &str, domain: Option<&str>, seconds: Option<u32>) {
        let seconds = seconds.map(|seconds| seconds as i32);
        let _: Value = self.call(
            "select public.email_queue_pause($1, $2, $3)",
            &[&reason, &domain, &seconds],
        );
    }

    fn resume(&mut self, domain: Option<&str>) {
        let _: Value = self.call("select public.email_queue_resume($1)", &[&domain]);
    }

    fn extend(&mut self, dispatch: &Dispatch, lease: Duration) -> bool {
        let answer: Value = self.call(
            "select public.email_queue_extend($1::text::uuid, $2::text::uuid, $3)",
            &[
                &dispatch.dispatch_id,
                &dispatch.token,
                &(lease.as_millis() as i64),
            ],
        );
        answer["result"] == "applied"
    }

    fn release(&mut self, dispatch: &Dispatch) -> SettleResult {
        let answer: Value = self.call(
            "select public.email_queue_settle(jsonb_build_object('dispatch_id', $1::text, 'token', $2::text,
                'answer', 'none', 'counted', false, 'members', '[]'::jsonb, 'rest', case when exists (
                    select from email_queue_private.dispatch as d where d.id = $1::text::uuid and d.frozen
                ) then 'freeze' else 'release' end))",
            &[&dispatch.dispatch_id, &dispatch.token],
        );
        serde_json::from_value(answer["result"].clone()).unwrap()
    }

    fn cancel(&mut self, id: &str) -> Cancelled {
        self.call("select public.email_queue_cancel($1::text::uuid)", &[&id])
    }

    fn erase(&mut self, id: &str) -> Erased {
        self.call("select public.email_queue_erase($1::text::uuid)", &[&id])
    }

    fn discard(&mut self, ids: &[String]) -> Vec<String> {
        let sql = "select public.email_queue_discard($1::text[]::uuid[]) -> 'discarded'";
        self.call(sql, &[&ids])
    }

    fn has(&mut self, id: &str) -> bool {
        let sql = "select coalesce(public.email_queue_get($1::text::uuid), 'null')";
        !self.call::<Value>(sql, &[&id]).is_null()
    }

    fn record(&mut self, event: &Value) -> String {
        let sql = "select public.email_queue_record_events(jsonb_build_array($1::jsonb)) #> '{results,0,result}'";
        self.call(sql, &[event])
    }

    fn redrive(&mut self, id: &str, allow_duplicates: bool) -> Option<String> {
        let sql = "select coalesce(public.email_queue_redrive(array[$1::text::uuid], p_allow_duplicates => $2) #> '{refused,0,reason}', 'null')";
        self.call(sql, &[&id, &allow_duplicates])
    }

    fn not_accepted(&mut self, id: &str) -> Option<String> {
        let sql = "select coalesce(to_jsonb(regexp_replace(public.email_queue_not_accepted(array[$1::text::uuid]) #>> '{refused,0,reason}', ' until .*', '')), 'null')";
        self.call(sql, &[&id])
    }

    fn adopt(&mut self) {
        let _: Value = self.call("select public.email_queue_adopt()", &[]);
    }

    fn suppress(&mut self, address: &str, reason: &str, topic: Option<&str>) {
        let _: Value = self.call(
            "select public.email_queue_suppress($1, $2, $3)",
            &[&address, &reason, &topic],
        );
    }

    fn unsuppress(&mut self, address: &str) -> Unsuppressed {
        self.call("select public.email_queue_unsuppress($1)", &[&address])
    }

    fn time(&mut self, from_now: Duration) -> String {
        let from_now = format!("{} milliseconds", from_now.as_millis());
        self.call(
            "select to_jsonb(clock_timestamp() + $1::text::interval)",
            &[&from_now],
        )
    }
}

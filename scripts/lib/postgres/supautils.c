// A stand-in for the part of supautils that the queue meets: CREATE EXTENSION of the listed extensions runs as
// supabase_admin, whoever asks. Where it is not loaded, PostgreSQL refuses who is no superuser.
#include "postgres.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/acl.h"

PG_MODULE_MAGIC;

void _PG_init(void);

static const char *const LISTED[] = {"pg_cron", "pg_net", "supabase_vault", "plpgsql_check"};

static ProcessUtility_hook_type next_hook;

static bool is_listed(Node *statement) {
  if (!IsA(statement, CreateExtensionStmt)) return false;
  for (size_t i = 0; i < lengthof(LISTED); i++)
    if (strcmp(((CreateExtensionStmt *) statement)->extname, LISTED[i]) == 0) return true;
  return false;
}

static void process(PlannedStmt *planned, const char *text, bool read_only, ProcessUtilityContext context, ParamListInfo params,
                    QueryEnvironment *environment, DestReceiver *receiver, QueryCompletion *completion) {
  ProcessUtility_hook_type next = next_hook ? next_hook : standard_ProcessUtility;
  Oid caller;
  int security;

  GetUserIdAndSecContext(&caller, &security);
  if (!is_listed(planned->utilityStmt) || superuser_arg(caller)) {
    next(planned, text, read_only, context, params, environment, receiver, completion);
    return;
  }
  SetUserIdAndSecContext(get_role_oid("supabase_admin", false),
                         security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
  // An error restores the user with the (sub)transaction.
  next(planned, text, read_only, context, params, environment, receiver, completion);
  SetUserIdAndSecContext(caller, security);
}

void _PG_init(void) {
  next_hook = ProcessUtility_hook;
  ProcessUtility_hook = process;
}

// A stand-in for pg-safeupdate, which Supabase loads into every session of PostgREST: an UPDATE or DELETE without WHERE is
// refused wherever it stands, in a WITH, in PL/pgSQL and in a SECURITY DEFINER function too.
#include "postgres.h"
#include "fmgr.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "utils/guc.h"

PG_MODULE_MAGIC;

void _PG_init(void);

static bool enabled = true;
static post_parse_analyze_hook_type next_hook;

static void check(Query *query) {
  ListCell *cell;

  if (query->commandType == CMD_UTILITY) return;
  foreach (cell, query->cteList) {
    CommonTableExpr *cte = lfirst_node(CommonTableExpr, cell);
    if (IsA(cte->ctequery, Query)) check((Query *) cte->ctequery);
  }
  if ((query->commandType == CMD_UPDATE || query->commandType == CMD_DELETE) && query->jointree->quals == NULL)
    ereport(ERROR, (errcode(ERRCODE_CARDINALITY_VIOLATION),
                    errmsg("%s requires a WHERE clause", query->commandType == CMD_UPDATE ? "UPDATE" : "DELETE")));
}

static void after_analysis(ParseState *state, Query *query, JumbleState *jumble) {
  if (next_hook) next_hook(state, query, jumble);
  if (enabled) check(query);
}

void _PG_init(void) {
  DefineCustomBoolVariable("safeupdate.enabled", "Refuses UPDATE and DELETE without WHERE.", NULL, &enabled, true, PGC_SUSET, 0,
                           NULL, NULL, NULL);
  next_hook = post_parse_analyze_hook;
  post_parse_analyze_hook = after_analysis;
}

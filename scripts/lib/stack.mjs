// The local stack, piece by piece. Each starts on a free port, and any number of them can run
// side by side. It ends when it is stopped, and when its owner is interrupted or killed.
//
//   const lite = await startLite();                       // PostgREST on an embedded database
//   const postgres = await startPostgres({ version: 15 }); // or on a real one:
//   const lite = await startLite({ driver: "postgres", databaseUrl: postgres.url });
//   const fn = await startFunction({ env: { SUPABASE_URL: lite.url, SUPABASE_SECRET_KEY: lite.secretKey, … } });
//   console.log(await fn.invoke());
export { ROOT, despiteDeadlocks, freePort, sleep, takesLess, waitFor } from "./host.mjs";
export { startFunction } from "./function.mjs";
export { startLite } from "./lite.mjs";
export { connect, findPostgres, migrate, runFile, startPostgres, urlAs } from "./postgres.mjs";
export { exitCodeWhenInterrupted, isStopping, own, startProcess, stopAll, tempFolder } from "../../src/js/local/processes.js";
export { startCountingProxy } from "./proxy.mjs";
export { denoVersion, ensureDeno, ensureTool, packageFolder } from "./tools.mjs";

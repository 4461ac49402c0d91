// Enqueues with supabase-js and a secret key: the function that SQL calls, with the same names.
import { createClient } from "@supabase/supabase-js";

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_ROLE_KEY!);

const { data, error } = await supabase.rpc("email_queue_enqueue", {
  p_payload: { to: process.env.RECIPIENT!, subject: "Your trial ends", content: "<p>Two days are left.</p>" },
  p_dedup_key: "reminder:42",
  p_metadata: { user: 42 },
});
// `details` says which field is wrong.
if (error) console.log(`refused: ${error.message} (${error.details})`);
else console.log(JSON.stringify(data));

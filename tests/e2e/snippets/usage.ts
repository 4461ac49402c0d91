import { SupabaseQueueProvider } from 'email-queue/providers/supabase-queue';

const queueProvider = new SupabaseQueueProvider(
  process.env.SUPABASE_URL!,
  process.env.SUPABASE_SERVICE_ROLE_KEY!
);

const message = await queueProvider.enqueue({
  type: 'email',
  payload: {
    to: 'user@example.com',
    subject: 'Hello',
    content: '<p>Hello World</p>',
  },
  maxAttempts: 3,
});

// --- What follows is the test's.
console.log(message.id);

import { QueueMessageStatus, SupabaseQueueProvider } from 'email-queue/providers/supabase-queue';

const queueProvider = new SupabaseQueueProvider(
  process.env.SUPABASE_URL!,
  process.env.SUPABASE_SERVICE_ROLE_KEY!
);
const messageId = process.env.MESSAGE_ID!;

// --- What is above is the test's: the document leaves it to the reader.
const failedMessages = await queueProvider.getMessagesByStatus(QueueMessageStatus.FAILED);

const message = await queueProvider.getMessage(messageId);

// --- What follows is the test's.
console.log(JSON.stringify({
  failed: failedMessages.map(({ id, status }) => ({ id, status })),
  status: message?.status,
  subject: message?.payload.subject,
  attempts: message?.attempts,
  maxAttempts: message?.maxAttempts,
  createdAt: message?.createdAt instanceof Date,
}));

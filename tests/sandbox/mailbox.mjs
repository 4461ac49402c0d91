// The mailbox page, for people.
import { text } from "./answers.mjs";

export const mailbox = () => text(200, "The Resend sandbox is running.");

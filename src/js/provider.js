// The provider for people: the variables of its account, its addresses, its names. Only this file of src/js names it; the module has
// the rest (src/provider).

/**
 * @typedef {object} Provider
 * @property {string} name
 * @property {{ key: string, url: string, webhookSecret: string, fullKey: string }} variables the account's key, another address of the
 *   API than its own, what signs its reports, and a key that may do everything, for one command
 * @property {string} segment the last one of the address that takes its reports
 * @property {string} webhooks where its reports are set up
 * @property {string} api its own address
 * @property {string} keys where a key is made
 * @property {string} domains where a sender's domain is verified
 * @property {string} status where it says that it has trouble
 * @property {{ bounced: number, complained: number }} most the shares of accepted e-mails above which it may stop the account
 * @property {string} testDomain a sender's domain that needs no verification, and whose addresses accept everything
 */

/** @type {Provider} */
export const PROVIDER = {
  name: "Resend",
  variables: { key: "RESEND_API_KEY", url: "RESEND_BASE_URL", webhookSecret: "RESEND_WEBHOOK_SECRET", fullKey: "RESEND_FULL_ACCESS_KEY" },
  segment: "resend",
  api: "https://api.resend.com",
  keys: "https://resend.com/api-keys",
  domains: "https://resend.com/domains",
  webhooks: "https://resend.com/webhooks",
  status: "https://resend-status.com",
  most: { bounced: 0.04, complained: 0.0008 },
  testDomain: "resend.dev",
};

// The shapes in which the sandbox answers.

const JSON_TYPE = "application/json; charset=utf-8";

/** Resend's message for each error, where the caller has nothing more exact to say. */
export const MESSAGES = {
  missing_api_key: "Missing API key in the authorization header. Include the following header in the request: `Authorization: Bearer YOUR_API_KEY`.",
  invalid_api_key: "API key is invalid",
  restricted_api_key: "This API key is restricted to only send emails",
  suspended_api_key: "This API key is suspended",
  not_found: "The requested endpoint does not exist",
  method_not_allowed: "This endpoint does not support the specified HTTP method",
  invalid_idempotency_key: "The idempotency key must be between 1-256 chars",
  invalid_idempotent_request: "This idempotency key has been used on a request with a different payload. Retrying this request is useless without changing the idempotency key or payload",
  concurrent_idempotent_requests: "Another request with the same idempotency key is currently in progress. Retry the request later",
  rate_limit_exceeded: "Too many requests. Please limit the number of requests per second. Or contact support to increase rate limit.",
  daily_quota_exceeded: "You have reached your daily email sending quota",
  monthly_quota_exceeded: "You have reached your monthly email sending quota",
  application_error: "An unexpected error occurred",
  internal_server_error: "An unexpected error occurred",
  security_error: "We may have found a security issue with the request",
};

/** @param {number} status @param {unknown} value @param {Record<string, string>} [headers] */
export const json = (status, value, headers = {}) => ({
  status,
  headers: { "content-type": JSON_TYPE, ...headers },
  body: JSON.stringify(value),
});

/**
 * An error in Resend's shape.
 * @param {number} status @param {string} name @param {string} [message] @param {Record<string, string>} [headers]
 */
export const problem = (status, name, message, headers) => ({
  ...json(status, { statusCode: status, message: message ?? MESSAGES[name] ?? name, name }, headers),
  name,
});

/** @param {number} status @param {string} body @param {string} [type] @param {Record<string, string>} [headers] */
export const text = (status, body, type = "text/plain; charset=utf-8", headers = {}) => ({
  status,
  headers: { "content-type": type, ...headers },
  body,
});

/** @param {number} ms @returns {Promise<void>} */
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

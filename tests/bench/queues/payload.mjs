// What every queue carries: the same e-mails, made by the database itself, so that filling takes no time of ours.

/** About a kilobyte of JSON, as a short transactional e-mail has. */
export const BODY = `<p>Thank you for your order. ${"It is on its way and will be with you soon. ".repeat(17)}</p>`;

/** An expression that makes the n-th payload. @param {string} n a column @param {string} [body] */
export const payloadSql = (n, body = BODY) =>
  `jsonb_build_object('from', 'Shop <shop@shop.example>', 'to', 'user-' || ${n} || '@customer.example', 'subject', 'Order ' || ${n}, 'content', '${body}')`;

// What every queue carries: the same e-mails, made by the database itself, so that filling takes no time of ours.

/** About a kilobyte of JSON, as a short transactional e-mail has. */
const BODY = `<p>Thank you for your order. ${"It is on its way and will be with you soon. ".repeat(17)}</p>`;

/** 50 kB. */
export const LONG = `<p>${"It is on its way and will be with you soon. ".repeat(1137)}</p>`;

/** An expression that makes the n-th payload. @param {string} n a column @param {string} [body] */
export const payloadSql = (n, body = BODY) =>
  `jsonb_build_object('from', 'Shop <shop@shop.example>', 'to', 'user-' || ${n} || '@customer.example', 'subject', 'Order ' || ${n}, 'content', '${body}')`;

/** The same with an attachment. @param {string} n @param {number} size of its base64 */
export const attachment = (n, size) =>
  `${payloadSql(n)} || jsonb_build_object('attachments', jsonb_build_array(jsonb_build_object('filename', 'bill.pdf', 'content', repeat('aGVs', ${Math.floor(size / 4)}))))`;

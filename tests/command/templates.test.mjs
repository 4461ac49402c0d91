// Templates as files: their names, their parts, and where the subject is.
import assert from "node:assert/strict";
import path from "node:path";
import { after, test } from "node:test";
import { tempFolder } from "../../scripts/lib/stack.mjs";
import { FOLDER, readTemplates } from "../../src/js/command/template-files.js";
import { write } from "./support/place.mjs";

const folder = tempFolder("templates");
after(() => folder.remove());
let count = 0;

/** @param {Record<string, string>} files */
function read(files) {
  const root = path.join(folder.path, String(++count));
  for (const [name, text] of Object.entries(files)) write(path.join(root, FOLDER, name), text);
  return readTemplates(root).map(({ files: _, cut: __, ...one }) => one);
}

test("without the folder there are no templates", () => assert.deepEqual(readTemplates(folder.path), []));

test("the subject is the text's first line, or else the title of the HTML", () => {
  assert.deepEqual(read({
    "welcome.html": "<title>Not\n  this</title><p>Hi {{ name }}</p>",
    "welcome.txt": "Subject: Welcome, {{ name }}\n\nHi {{ name }}\n",
    "welcome.de_AT.html": "\ufeff<html><head><TITLE>\n  Hallo &amp; willkommen,\n  {{ name }}\n</TITLE></head></html>",
    "bye.txt": "subject:Bye\r\nNo empty line\r\n",
    "README.md": "", ".DS_Store": "",
  }), [
    { name: "bye", language: null, subject: "Bye", html: null, text: "No empty line\r\n" },
    { name: "welcome", language: "de-at", subject: "Hallo & willkommen, {{ name }}", html: "<html><head><TITLE>\n  Hallo &amp; willkommen,\n  {{ name }}\n</TITLE></head></html>", text: null },
    { name: "welcome", language: null, subject: "Welcome, {{ name }}", html: "<title>Not\n  this</title><p>Hi {{ name }}</p>", text: "Hi {{ name }}\n" },
  ]);
});

for (const [files, message] of /** @type {[Record<string, string>, RegExp][]} */ ([
  [{ "a.html": "<p>Hi</p>" }, /a\.html: the subject is missing\. Write it into the first line of .*a\.txt, as in "Subject: Welcome", or into the <title>/],
  [{ "a.txt": "Hi" }, /a\.txt: the subject is missing\. Write it into the first line of .*a\.txt, as in "Subject: Welcome"\. Nothing/],
  [{ "a.txt": "Subject: \n\nHi" }, /the subject is missing/],
  [{ "a.txt": "Subject: Hi\n\n" }, /the template has no text/],
  [{ "a.hbs": "", "de/a.html": "", "a b.html": "", "a.deutschland.html": "" }, /a b\.html is no template's file: .*\n +.*a\.deutschland\.html is no.*\n +.*a\.hbs is no.*\n +.*\/de is no/],
  [{ "a.de-AT.txt": "Subject: A\n\nA", "a.de_at.txt": "Subject: A\n\nA" }, /a\.de_at\.txt and supabase\/email-templates\/a\.de-AT\.txt are the same template: delete one/],
])) {
  test(`refused: ${Object.keys(files).join(", ")}`, () => assert.throws(() => read(files), { message, remedy: "correct the files, then repeat the command" }));
}

test("a file that is not UTF-8 is refused", () => {
  write(path.join(folder.path, "latin", FOLDER, "a.txt"), /** @type {any} */ (Buffer.from([0x53, 0xe4])));
  assert.throws(() => readTemplates(path.join(folder.path, "latin")), /a\.txt is not UTF-8\. Nothing was changed/);
});

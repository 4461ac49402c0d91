// Versions that were never released, made as releases are: the sources of this one with another number and with changes, in a folder of
// their own.
import fs from "node:fs";
import path from "node:path";
import { addSql } from "../../../scripts/lib/package-parts.mjs";
import { installation, migration } from "../../../scripts/lib/schema.mjs";
import { ROOT } from "../../../scripts/lib/stack.mjs";

const SOURCES = ["supabase/schemas", "supabase/upgrade.sql", "src/base/limits.rs"];

export class TestVersion {
  /** @param {string} folder where it may be made @param {string} version @param {string | null} [before] the root of the version before */
  constructor(folder, version, before = null) {
    this.folder = folder;
    this.version = version;
    this.before = before;
    this.root = path.join(folder, `sources of ${version}`);
    for (const part of SOURCES) fs.cpSync(path.join(before ?? ROOT, part), path.join(this.root, part), { recursive: true });
    if (before) for (const part of ["supabase/migrations", "supabase/releases.json"]) if (fs.existsSync(path.join(before, part))) fs.cpSync(path.join(before, part), path.join(this.root, part), { recursive: true });
    const time = `20260101${version.split(".").map((number) => number.padStart(2, "0")).join("")}`;
    this.write("supabase/version.json", JSON.stringify({ version, time }));
  }

  /** @param {string} file @param {string} text */
  write(file, text) {
    fs.mkdirSync(path.dirname(path.join(this.root, file)), { recursive: true });
    fs.writeFileSync(path.join(this.root, file), text);
  }

  /** Changes a source. @param {string} file @param {string} from @param {string} to */
  replace(file, from, to) {
    const text = fs.readFileSync(path.join(this.root, file), "utf8");
    if (text.split(from).length !== 2) throw new Error(`${file} does not have it once: ${from}`);
    this.write(file, text.replace(from, () => to));
  }

  installation = () => installation(this.root);
  migration = () => migration(this.root);

  /** Adds its SQL to a package. @param {string} folder */
  addTo = (folder) => addSql(folder, this.root);

  /** The version after it, which upgrades with that. @param {string} version @param {string} [changes] what is written by hand */
  next(version, changes = "") {
    const { file, text } = this.migration();
    this.write(`supabase/migrations/${file}`, text);
    const next = new TestVersion(this.folder, version, this.root);
    next.write(`supabase/upgrades/${this.version}-${version}.sql`, changes);
    return next;
  }
}

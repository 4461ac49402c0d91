// The doctor's check of templates: whether the project has what is in this folder.
import { DEPLOY, SUPABASE, attempt, fail, ok } from "./doctor-outside.js";
import { FOLDER, compareTemplates, labelOf, readTemplates } from "./template-files.js";
import { CommandError } from "./terminal.js";

/** Without such files, nothing. @param {ReturnType<typeof import("./deployed.js").readProject>} project @param {string} root @returns {Promise<import("./doctor.js").Finding[]>} */
export async function examineTemplates(project, root) {
  const check = "templates";
  try {
    const templates = readTemplates(root);
    if (templates.length === 0) return [];
    return [await attempt(check, SUPABASE, async () => {
      const { added, changed, others } = await compareTemplates(project, templates);
      const beside = others.length > 0 ? `; these have no file: ${others.map(labelOf).join(", ")}` : "";
      const differ = [...added.map((one) => `${labelOf(one)} is not stored`), ...changed.map((one) => `${labelOf(one)} differs`)];
      return differ.length === 0 ? ok(`${templates.length} as in ${FOLDER}${beside}`) : { status: /** @type {const} */ ("warn"), detail: `${differ.join(", ")}${beside}`, remedy: DEPLOY };
    })];
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return [{ check, ...fail(error.message.replace(/\. Nothing was changed$/, ""), error.remedy ?? DEPLOY) }];
  }
}

// An empty project with the package installed from its tarball, as somebody has it who uses it.
import { execFile } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { ensureDeno, ensureTool, ROOT, tempFolder } from "../../scripts/lib/stack.mjs";

const execute = promisify(execFile);

/**
 * The output of a program, its last lines in the error where it fails.
 * @param {string} program @param {string[]} args @param {{cwd?: string, env?: Record<string, string>}} [options]
 */
export async function run(program, args, { cwd, env = {} } = {}) {
  try {
    return (await execute(program, args, { cwd, env: { ...process.env, NO_COLOR: "1", ...env }, timeout: 180_000 })).stdout.trim();
  } catch (error) {
    throw new Error(`${path.basename(program)} ${args.join(" ")}\n${error.stdout}\n${error.stderr}`);
  }
}

export async function newProject() {
  const folder = tempFolder("package");
  const [packed] = JSON.parse(await run("npm", ["pack", "--json", path.join(ROOT, "pkg"), "--pack-destination", folder.path], { cwd: folder.path }));
  writeFileSync(path.join(folder.path, "package.json"), JSON.stringify({ name: "application", private: true, type: "module" }));
  // A compiler looks for one in the folders above, too.
  writeFileSync(path.join(folder.path, "tsconfig.json"), JSON.stringify({ compilerOptions: { strict: true } }));
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", `./${packed.filename}`], { cwd: folder.path });
  return { ...folder, packed };
}

/** Copies a program of TypeScript into the project; `.mjs` without its types. */
export async function addProgram(project, file) {
  const name = path.basename(file, ".ts");
  copyFileSync(file, path.join(project.path, `${name}.ts`));
  const { transform } = await tool("esbuild/lib/main.js");
  const { code } = await transform(readFileSync(file, "utf8"), { loader: "ts", format: "esm", target: "es2022" });
  writeFileSync(path.join(project.path, `${name}.mjs`), code);
  return name;
}

/** A module of the tools for these tests. */
export const tool = async (file) => {
  const module = await import(path.join(await ensureTool("client"), "node_modules", file));
  return module.default ?? module;
};

/**
 * Every runtime that runs a program of the project.
 * @returns {Promise<[string, (program: string, env?: Record<string, string>) => Promise<string>][]>}
 */
export async function runtimes(project) {
  const node = (program) => (name, env) => run(program, [`${name}.mjs`], { cwd: project.path, env });
  const deno = (program) => (name, env) =>
    run(program, ["run", "--no-lock", "--no-check", "--no-prompt", "--allow-env", "--allow-net", "--allow-read=node_modules", "--node-modules-dir=manual", `${name}.ts`], { cwd: project.path, env });
  const other = path.join(await ensureTool("client"), `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  return [
    ["Node", node(process.execPath)],
    ["Node 22", node(other)],
    ["Deno 2.1.4", deno(await ensureDeno("2.1.4"))],
    ["the newest Deno", deno(await ensureDeno("newest"))],
  ];
}

// A command's messages and questions. Messages go to standard error, so that standard output has results only.
import process from "node:process";
import readline from "node:readline/promises";

/** A fault that the user can correct: the message names it, the remedy says how. */
export class CommandError extends Error {
  /** @param {string} message @param {string} [remedy] @param {number} [code] the exit code */
  constructor(message, remedy, code = 1) {
    super(message);
    this.remedy = remedy;
    this.code = code;
  }
}

/** What others wrote is in it, such as the provider's answers: it does not steer the terminal. @param {string} text */
export const shown = (text) => text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, "");

export class Terminal {
  #yes = false;
  #dry = false;
  #json = false;
  /** @type {readline.Interface | undefined} */
  #questions;

  /** @param {Record<string, any>} values the options */
  begin(values) {
    this.#yes = values.yes === true;
    this.#dry = values["dry-run"] === true;
    this.#json = values.json === true;
  }

  /** Whether the result goes to standard output as JSON. */
  get json() {
    return this.#json;
  }

  get dry() {
    return this.#dry;
  }

  /** A result. @param {string} text */
  print(text) {
    process.stdout.write(shown(text.endsWith("\n") ? text : `${text}\n`));
  }

  /** A result with colours, whose parts were cleared of what others wrote. @param {string} text */
  draw(text) {
    process.stdout.write(`${text}\n`);
  }

  /** @param {string} text */
  say(text = "") {
    process.stderr.write(shown(`${text}\n`));
  }

  /** @param {string} message @param {string} [remedy] @param {number} [code] */
  fail(message, remedy, code = 1) {
    this.say(`error: ${message}`);
    if (remedy) this.say(`   → ${remedy}`);
    return code;
  }

  /** Whether to go on. Without a terminal, the answer is an error that says how to give it. @param {string} question */
  confirm = async (question) => this.#yes || /^\s*(y|yes)\s*$/i.test(await this.#question(question, "[y/N] "));

  /** Whether the name was typed that the question is about. @param {string} question @param {string} name */
  typed = async (question, name) => this.#yes || (await this.#question(question, "Type its name: ")).trim() === name;

  /** @param {string} question @param {string} how */
  async #question(question, how) {
    if (!process.stdin.isTTY) throw new CommandError(`there is no terminal to answer "${question}". Nothing was changed`, "look with --dry-run, then repeat the command with --yes");
    this.#questions ??= readline.createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await this.#questions.question(`${question} ${how}`);
    } catch (error) {
      if (/** @type {Error} */ (error).name === "AbortError") throw new CommandError("interrupted. Nothing was changed", undefined, 130);
      throw error;
    }
  }

  end() {
    this.#questions?.close();
  }
}

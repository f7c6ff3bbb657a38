import { setMaxListeners } from "node:events";
import type { Answer } from "../model";

/** Longest time that one question to AWS may take, in milliseconds. */
const QUESTION_MS = 15_000;

/** The words of an error of AWS, on one line. */
export function reasonOf(problem: unknown): string {
  if (!(problem instanceof Error)) return String(problem);
  if (problem.name === "AbortError" || problem.name === "TimeoutError") {
    return `AWS did not answer within ${QUESTION_MS / 1000} seconds`;
  }
  // A refused connection comes as an error without words, with the attempts inside.
  const inner: unknown = problem instanceof AggregateError ? problem.errors[0] : undefined;
  const text = inner instanceof Error ? inner.message : problem.message;
  const [first = ""] = text.trim().split("\n");
  const words = first.replace(/\.$/, "");
  const plain = ["Error", "CredentialsProviderError", "AggregateError", "TypeError"];
  return plain.includes(problem.name) || words === ""
    ? words || problem.name
    : `${problem.name}: ${words}`;
}

/** Asks one question with a time limit. Whatever goes wrong becomes the reason why there is no answer. */
export async function ask<T>(question: (signal: AbortSignal) => Promise<T>): Promise<Answer<T>> {
  const signal = AbortSignal.timeout(QUESTION_MS);
  // One question may take several requests, each of which listens.
  setMaxListeners(0, signal);
  try {
    return { known: true, value: await question(signal) };
  } catch (problem) {
    return { known: false, because: reasonOf(problem) };
  }
}

/** Whether AWS says that there is no such thing, rather than that it could not be asked. */
export function isMissing(problem: unknown): boolean {
  return problem instanceof Error && /NotFound|NoSuch|\.Malformed/.test(problem.name);
}

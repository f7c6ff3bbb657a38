import * as fs from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { Properties, Value } from "../../../cli/providers/values";

/** Something that exists in the account. */
export interface Thing {
  readonly type: string;
  readonly name: string;
  readonly inputs: Properties;
  /** Outputs by which others refer to it: id, ARN, name. */
  readonly handles: readonly string[];
}

/** What the account holds, and what a test has arranged in it. */
export interface AccountContent {
  readonly things: Readonly<Record<string, Thing>>;
  readonly snapshots: readonly string[];
  readonly counter: number;
  /** Instances that are stopped, by id. */
  readonly stopped: readonly string[];
  /** What there is no capacity of: a type, or `g6.xlarge spot`, or `g6.xlarge spot in eu-west-1a`. */
  readonly exhausted: readonly string[];
  /** AMIs with which no host becomes ready: its association never succeeds. */
  readonly unready?: readonly string[];
  /** Parameters that hosts have published, by name. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** What was done, in order: `create <type> <name>`, `delete <type> <name>`. */
  readonly log: readonly string[];
}

const EMPTY: AccountContent = {
  things: {},
  snapshots: [],
  counter: 0,
  stopped: [],
  exhausted: [],
  log: [],
};

/** An AWS account in a file: it outlives the provider's process, as the real one does. */
export class Account {
  constructor(private readonly file: string) {}

  read(): AccountContent {
    if (!fs.existsSync(this.file)) return EMPTY;
    return JSON.parse(fs.readFileSync(this.file, "utf8")) as AccountContent;
  }

  change(change: Partial<AccountContent>): void {
    // In one step: tests read while the provider writes.
    const made = `${this.file}.${process.pid}`;
    fs.writeFileSync(made, JSON.stringify({ ...this.read(), ...change }));
    fs.renameSync(made, this.file);
  }

  /** A number that nothing else has. */
  next(): number {
    const counter = this.read().counter + 1;
    this.change({ counter });
    return counter;
  }

  put(id: string, thing: Thing, verb?: "create"): void {
    const { things, log } = this.read();
    this.change({
      things: { ...things, [key(thing.type, id)]: thing },
      log: verb === undefined ? log : [...log, `${verb} ${thing.type} ${thing.name}`],
    });
  }

  find(type: string, id: string): Thing | undefined {
    return this.read().things[key(type, id)];
  }

  all(type: string): readonly (readonly [string, Thing])[] {
    return Object.entries(this.read().things)
      .filter(([, thing]) => thing.type === type)
      .map(([id, thing]) => [id.slice(type.length + 1), thing]);
  }

  remove(type: string, id: string): void {
    const { things, log } = this.read();
    const gone = things[key(type, id)];
    if (gone === undefined) return;
    const rest = Object.fromEntries(
      Object.entries(things).filter(([other]) => other !== key(type, id)),
    );
    this.change({ things: rest, log: [...log, `delete ${type} ${gone.name}`] });
  }

  /** Whatever still refers to a thing. */
  usersOf(type: string, id: string): readonly Thing[] {
    const { things } = this.read();
    const thing = things[key(type, id)];
    if (thing === undefined) return [];
    const handles = new Set(thing.handles);
    return Object.values(things).filter(
      (other) =>
        !isDeepStrictEqual(other, thing) && leaves(other.inputs).some((one) => handles.has(one)),
    );
  }
}

function key(type: string, id: string): string {
  return `${type} ${id}`;
}

function leaves(value: Value): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value as Record<string, Value>).flatMap(leaves);
}

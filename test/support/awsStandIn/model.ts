import type { Properties } from "../../../cli/providers/values";
import type { Account } from "./account";

/**
 * What a changed input does to a resource that exists: a new one takes its place, the machine
 * stops and starts, it is changed and nobody notices, or nothing.
 */
export type Effect = "replace" | "restart" | "update" | "ignore";

/** What a provider works with. */
export interface World {
  readonly account: Account;
  readonly region: string;
  readonly accountId: string;
}

/** One type of resource: which inputs our components use, and what AWS's provider does with them. */
export interface TypeRow {
  /** Where the effects are read from: the schema in AWS's provider that Pulumi's bridges, below `internal/service`. */
  readonly source: string;
  /** Inputs that we use. Any other is refused. */
  readonly inputs: Readonly<Record<string, Effect>>;
  /** Parts of an input whose effect is another than the input's own. */
  readonly parts?: Readonly<Record<string, Effect>>;
  /** Inputs that AWS answers for where none is given: taking one out is no change to the provider. */
  readonly answered?: readonly string[];
  /** Input that gets a generated name where none is given. */
  readonly named?: "name" | "bucket";
  /** No two may have the same. */
  readonly unique?: string;
  readonly tagged?: boolean;
  /** It names others without holding them: they may go before it. */
  readonly loose?: boolean;
  /** Prefix of ids; absent: the id is the name. */
  readonly idPrefix?: string;
  /** What AWS adds. */
  readonly computed?: (inputs: Properties, id: string, world: World) => Properties;
  /** Refuses what AWS would refuse. */
  readonly beforeCreate?: (inputs: Properties, world: World) => void;
  readonly beforeUpdate?: (before: Properties, inputs: Properties, world: World) => void;
  readonly beforeDelete?: (inputs: Properties, id: string, world: World) => void;
}

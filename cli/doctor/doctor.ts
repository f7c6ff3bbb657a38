import { parseSettings, type Settings } from "../../components/settings";
import type { Progress } from "../progress";
import type { Check } from "./model";
import { readFacts } from "./readFacts";
import { judge } from "./verdicts";

/** Settings of a stack of one, for a machine that has no stack yet. */
function usualSettings(): Settings {
  const { settings } = parseSettings({
    stack: "doctor",
    config: { "gpudev:target": "workstation", "gpudev:users": "[]" },
    readFile: (name) => {
      throw new Error(`no stack, and so no file ${name}`);
    },
  });
  if (settings === undefined) throw new Error("the default settings do not parse");
  return settings;
}

/**
 * Looks whether this machine, and the daemon that the settings name, have what gpudev needs, and says
 * for each thing that is wrong what mends it. Changes nothing. Without settings, the defaults count.
 */
export async function doctor(
  progress: Progress,
  options: { readonly settings?: Settings; readonly env: NodeJS.ProcessEnv },
): Promise<readonly Check[]> {
  const settings = options.settings ?? usualSettings();
  const facts = await progress.step("Look at the machine, Docker and the network", () =>
    readFacts(settings, options.env),
  );
  return judge(facts);
}

import type { Lookups } from "../lookups/model";
import type { Finding } from "../settings/finding";
import type { Settings } from "../settings/schema";
import { error, hint } from "./findings";

/** A file or folder that settings name, with the config path that names it. */
interface Named {
  readonly file: string;
  readonly path: string;
  readonly what: string;
}

function namedFiles(settings: Settings): Named[] {
  const { tls } = settings.bind;
  const { extraCa, existing } = settings.image;
  return [
    ...settings.workspace.map(({ source }, index): Named => ({
      file: source,
      path: `gpudev:workspace[${index}].source`,
      what: "folder",
    })),
    ...(tls === undefined || !settings.services.jupyter
      ? []
      : [
          { file: tls.certificate, path: "gpudev:bind.tls.certificate", what: "certificate" },
          { file: tls.key, path: "gpudev:bind.tls.key", what: "key" },
        ]),
    ...(extraCa === undefined || existing !== undefined
      ? []
      : [{ file: extraCa, path: "gpudev:image.extraCa", what: "CA file" }]),
  ];
}

/** Whether what settings name on the machine is there. */
export function checkFiles(settings: Settings, lookups: Lookups): Finding[] {
  return namedFiles(settings).flatMap(({ file, path, what }) => {
    const answer = lookups.files[file];
    if (answer === undefined || (answer.known && answer.value)) return [];
    if (!answer.known) {
      if (!lookups.daemon.known) return [];
      const mend = "Nothing to do, unless creating then fails on it.";
      return [hint("unchecked", path, `${file} could not be checked: ${answer.because}`, mend)];
    }
    return [
      error(
        "no-such-file",
        path,
        `There is no ${what} ${file} on the machine`,
        what === "folder"
          ? `Make it (mkdir -p ${file}) and give it to the image's uid ${settings.image.uid}, or correct the path.`
          : "Correct the path, or put the file there.",
      ),
    ];
  });
}

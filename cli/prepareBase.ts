import { bootstrapSuite } from "../components/catalog/baseImage";
import { ensureBase } from "./bootstrap/base";
import type { Context } from "./context";
import type { StackOnFile } from "./readStack";

/** Makes the base that the image is built on, where settings ask for one from the distribution's archive. */
export async function prepareBase(
  context: Context,
  decided: Pick<StackOnFile, "settings">,
): Promise<void> {
  const { image, docker } = decided.settings;
  const suite = bootstrapSuite(image.base);
  if (image.existing !== undefined || suite === undefined) return;
  await ensureBase(context.progress, suite, docker.host);
}

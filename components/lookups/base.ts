import { bootstrapBaseImage, bootstrapSuite } from "../catalog";
import type { DockerClient } from "./docker";
import type { Answer, BaseImageFacts } from "./model";

/** Whether the base that settings name is on the daemon. */
export async function readBase(
  docker: DockerClient,
  base: string,
): Promise<Answer<BaseImageFacts>> {
  const suite = bootstrapSuite(base);
  const image = suite === undefined ? base : bootstrapBaseImage(suite);
  const answer = await docker.ask(["image", "inspect", "--format", "{{.Id}}", image]);
  if (answer.known) return { known: true, value: { present: true } };
  if (/no such image/i.test(answer.because)) return { known: true, value: { present: false } };
  return answer;
}

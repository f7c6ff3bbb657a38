import { container } from "./container";
import { network } from "./network";
import { serve } from "./server";
import { volume } from "./volume";

/** The bundled `docker` provider, for the inputs that gpudev's components send. */
void serve(
  {
    name: "docker",
    version: "5.2.0",
    resources: {
      "docker:index/container:Container": container,
      "docker:index/network:Network": network,
      "docker:index/volume:Volume": volume,
    },
  },
  process.argv.slice(2),
);

/** What the commands do, each loaded when it is used. */
import { devPermissions } from "./permissions/permissions.ts";
import type { Actions } from "./commands.ts";

/** This program's. */
export const ACTIONS: Actions = {
  serve: async (settings, io) => {
    await (await import("./permissions/kept.ts")).keepForServe(settings, io);
    await (await import("./serve/serve.ts")).serve(settings, io);
  },
  dev: async (settings, io) => {
    await io.keep(devPermissions(settings.vm !== false));
    await (await import("./dev/dev.ts")).dev(settings, io);
  },
  machine: async (settings, io) => {
    await (await import("./permissions/kept.ts")).keepForCluster(settings, io);
    return await (await import("./machine/actions.ts")).machine(settings, io);
  },
  deploy: async (settings, io) => {
    await (await import("./permissions/kept.ts")).keepForCluster(settings, io);
    return await (await import("./site/deploy.ts")).deploy(settings, io);
  },
  machineNames: async (cluster) => (await import("./machine/cluster.ts")).machineNames(cluster),
  contextNames: async (cluster) => (await import("./machine/cluster.ts")).contextNames(cluster),
};

/** Where dev/apiserver differs from kube-apiserver on purpose. */

/** Name of a case to the reason. */
export const DIFFERENCES: ReadonlyMap<string, string> = new Map([]);

/** What cases begin with. */

/** ConfigMaps a, b and c; `$a`, `$b` and `$c` are their resourceVersions. */
export const THREE_CONFIG_MAPS = `
> POST $cm
$a metadata.resourceVersion
{metadata: {name: a, labels: {x: "1", y: k}}}
> POST $cm
$b metadata.resourceVersion
{metadata: {name: b, labels: {x: "2"}}}
> POST $cm
$c metadata.resourceVersion
{metadata: {name: c, labels: {x: "1"}}}
`;

/** A Machine $ns-a with an image and a status. */
export const MACHINE = `
> POST $machines
$a metadata.resourceVersion
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: i}}}
`;

/** A ConfigMap a with data. */
export const CONFIG_MAP = `
> POST $cm
$a metadata.resourceVersion
$uid metadata.uid
{metadata: {name: a, labels: {l: v}}, data: {k: v, l: w}}
`;

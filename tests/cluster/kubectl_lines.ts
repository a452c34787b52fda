/** What people type: lines of kubectl in the order they run, and the files they name. */

/** Name to content. */
export const FILES: Readonly<Record<string, string>> = {
  "machine.yaml": `
apiVersion: unbounded-cloud.io/v1alpha3
kind: Machine
metadata:
  name: one
  labels: {rack: a}
spec:
  ssh:
    host: 10.0.0.11
    privateKeyRef: {name: key, namespace: default}
  pxe:
    image: registry.example.com/image:1
    dhcpLeases:
    - {mac: "aa:bb:cc:dd:ee:01", ipv4: 10.0.0.11, subnetMask: 255.255.255.0, gateway: 10.0.0.1, dns: [10.0.0.2]}
`,
  "machine-changed.yaml": `
apiVersion: unbounded-cloud.io/v1alpha3
kind: Machine
metadata:
  name: one
  labels: {rack: b}
spec:
  pxe:
    image: registry.example.com/image:2
`,
  "two.yaml": `
apiVersion: unbounded-cloud.io/v1alpha3
kind: Machine
metadata: {name: two, labels: {rack: b}}
spec: {pxe: {image: i}, kubernetes: {version: v1.34.2, bootstrapTokenRef: {name: t}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: two}
data: {user-data: "#cloud-config\\n"}
`,
  "invalid.yaml": `
apiVersion: unbounded-cloud.io/v1alpha3
kind: Machine
metadata: {name: bad}
spec: {pxe: {image: 5}}
`,
  "missing.yaml": `
apiVersion: unbounded-cloud.io/v1alpha3
kind: Machine
metadata: {name: bad}
spec: {pxe: {}}
`,
  "unknown-fields.yaml": `
apiVersion: unbounded-cloud.io/v1alpha3
kind: Machine
metadata: {name: bad}
spec: {pxe: {image: i, imaeg: j}, nope: 1}
`,
  "unknown-field.yaml": `
apiVersion: unbounded-cloud.io/v1alpha3
kind: Machine
metadata: {name: bad}
spec: {pxe: {image: i, imaeg: j}}
`,
  "unknown-kind.yaml": `
apiVersion: unbounded-cloud.io/v1alpha3
kind: Mashine
metadata: {name: bad}
`,
  "no-kind.yaml": "metadata: {name: bad}\n",
  "bad.yaml": "a: b: c\n  - d\n",
  "deployment.yaml": `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: i}]}
`,
  "event.yaml": `
apiVersion: v1
kind: Event
metadata: {name: one.1, namespace: default}
involvedObject: {apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, name: one}
type: Warning
reason: PowerFailed
message: the BMC does not answer
source: {component: metalman}
firstTimestamp: "2024-05-01T10:00:00Z"
lastTimestamp: "2024-05-01T10:00:00Z"
count: 3
`,
  "node.yaml": "{apiVersion: v1, kind: Node, metadata: {name: node-1, labels: {rack: a}}}\n",
  "edit.sh": "#!/bin/sh\nsed -i 's/image:1/image:9/' \"$1\"\n",
  "edit-nothing.sh": "#!/bin/sh\nexit 0\n",
  "edit-badly.sh": "#!/bin/sh\nsed -i 's/rebootCounter: .*/rebootCounter: many/' \"$1\"\n",
  "patch.yaml": "data: {from: file}\n",
};

/** The lines; `EDITOR=x` in front is for the environment. */
export const LINES: readonly string[] = `
version
api-versions
api-resources --api-group=unbounded-cloud.io
api-resources --api-group=unbounded-cloud.io -o wide
api-resources --api-group=apps -o name
get crd -o name
apply -f crd.yaml
get pods
get machines
get machines -o json
apply -f machine.yaml
apply -f machine.yaml
get machines
get mach -o wide
get machine one -o yaml
get machine one -o json
get machine/one -o name
get machine one -o jsonpath={.spec.ssh.username}
get machine one -o custom-columns=NAME:.metadata.name,IMAGE:.spec.pxe.image
get machine one -o go-template={{.spec.pxe.image}}
get -f machine.yaml
get machine one -o jsonpath-as-json={.spec.pxe}
get machine one two -o name
get machines --show-labels
get machines -L rack
get machines -l rack=a
get machines -l rack!=a
get machines -l 'rack in (a,b)' -o name
get machines --field-selector metadata.name=one
get machines --field-selector spec.pxe.image=i
get machines --sort-by .metadata.name
get machines --chunk-size=1 -o name
get machines none
get machines.v1alpha3.unbounded-cloud.io
get machines.v9.unbounded-cloud.io
get nopes
get nopes/one
get --raw /apis/unbounded-cloud.io
get --raw /nope
diff -f machine.yaml
diff -f machine-changed.yaml
apply -f machine-changed.yaml --dry-run=server
apply -f machine-changed.yaml --dry-run=client
apply -f machine-changed.yaml
get machine one -o yaml
apply view-last-applied machine/one
apply -f machine.yaml
apply -f two.yaml
apply -f two.yaml --server-side
apply -f two.yaml --server-side --field-manager=other
apply -f machine-changed.yaml --server-side --field-manager=other
apply -f machine-changed.yaml --server-side --field-manager=other --force-conflicts
get machine one -o yaml --show-managed-fields
diff -f machine.yaml --server-side
apply -f machine.yaml --server-side --force-conflicts
create -f machine.yaml
create -f two.yaml
create -f two.yaml --dry-run=server
replace --force -f two.yaml
replace -f two.yaml
apply -f invalid.yaml
apply -f missing.yaml
apply -f unknown-fields.yaml
apply -f unknown-fields.yaml --validate=warn
apply -f unknown-fields.yaml --validate=false
apply -f unknown-field.yaml --server-side
delete machine bad
apply -f unknown-kind.yaml
apply -f no-kind.yaml
apply -f bad.yaml
apply -f none.yaml
create -f invalid.yaml
create namespace site
create namespace site
create namespace Bad_Name
create secret generic key --from-literal=ssh-privatekey=secret
create secret generic key --from-literal=ssh-privatekey=secret
create secret docker-registry pull --docker-server=r.example.com --docker-username=u --docker-password=p
create configmap cm --from-literal=k=v --from-file=patch.yaml
create configmap dry --from-literal=k=v --dry-run=server -o yaml
create configmap saved --from-literal=k=v --save-config
create configmap cm -n none --from-literal=k=v
create serviceaccount sa
create token sa --duration=10s
create token none
create deployment made --image=i --replicas=2
expose deployment made --port=80
create service clusterip svc --clusterip=None --tcp=80
create lease nope
apply -f deployment.yaml
apply -f deployment.yaml
apply -f deployment.yaml --server-side
apply -f node.yaml
cordon node-1
uncordon node-1
taint node node-1 a=b:NoSchedule
taint node node-1 a-
label node node-1 node-role.kubernetes.io/worker=
apply -f event.yaml
get secrets
get secret key -o yaml
get secrets,configmaps
get cm,machines
get deployments
get deployments -o wide
get services -l app=svc -o wide
get all -l !provider
get secrets -A
get cm -A --field-selector metadata.namespace=default
get cm -n site
get cm -n none
get ns site
get nodes
get nodes -o wide
get sa sa
get leases
get events
get events -o wide
get events --sort-by=.lastTimestamp
get events --field-selector involvedObject.name=one -o name
events
events --for machine/one
events --types=Warning
describe machine one
describe machine none
describe secret key
describe configmap cm
describe node node-1
describe ns site
describe deployment web
describe service svc
describe sa sa
label machine one rack=c
label machine one rack=d --overwrite
label machine one rack=e
label machine one rack=e --overwrite --resource-version=1
label -f machine.yaml tier=x --dry-run=server
annotate machine one long=text --dry-run=client
label machine one rack-
label machine one bad=not/a/value!
label machines --all all=yes
annotate machine one note=hello
annotate machine one note-
patch machine one --type=merge -p '{"spec":{"operations":{"rebootCounter":1}}}'
patch machine one --type=merge -p '{"spec":{"operations":{"rebootCounter":1}}}'
patch machine one --type=json -p '[{"op":"replace","path":"/spec/operations/rebootCounter","value":2}]'
patch machine one --type=json -p '[{"op":"test","path":"/spec/operations/rebootCounter","value":9}]'
patch machine one -p '{"spec":{"operations":{"rebootCounter":3}}}'
patch machine one --type=merge -p '{"spec":{"operations":{"rebootCounter":"x"}}}'
patch machine one --type=merge -p '{"spec":{"nope":1}}'
patch machine one --type=merge -p '{bad'
patch machine none --type=merge -p '{}'
patch machine one --type=odd -p '{}'
patch machine one --type=merge -p '{"metadata":{"finalizers":["example.com/hold"]}}'
delete machine one --wait=false
get machine one -o jsonpath={.metadata.finalizers}
patch machine one --type=merge -p '{"metadata":{"finalizers":null}}'
wait machine/one --for=delete --timeout=5s
apply -f machine.yaml
patch machine one --type=merge -p '{"spec":{"operations":{"rebootCounter":1}}}'
patch configmap cm -p '{"data":{"k":"w"}}'
patch configmap cm --patch-file patch.yaml
patch deployment web -p '{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"j"}]}}}}'
patch machine one --subresource=status --type=merge -p '{"status":{"phase":"Ready","conditions":[{"type":"Repaved","status":"True","reason":"Installed","message":"done","lastTransitionTime":"2024-05-01T10:00:00Z"}]}}'
patch machine one --subresource=status --type=merge -p '{"status":{"phase":"Odd"}}'
get machine one --subresource=status
get machines
wait machine/one --for=condition=Repaved --timeout=5s
wait machine/one --for=condition=Other --timeout=1s
wait machine/one --for=jsonpath={.status.phase}=Ready --timeout=5s
wait machine/none --for=condition=Repaved --timeout=1s
wait machine/one --for=create --timeout=1s
EDITOR=edit.sh edit machine one
EDITOR=edit-nothing.sh edit machine one
EDITOR=edit-badly.sh edit machine one
set image deployment/web c=k
set env deployment/web A=b
rollout restart deployment/web
rollout history deployment/web
scale deployment web --replicas=3
rollout status deployment/web --timeout=1s
explain machine
explain machine.spec.pxe --recursive
explain machine.spec.pxe.dhcpLeases
explain machine.spec.nope
explain machine.spec.pxe --api-version=unbounded-cloud.io/v1alpha3
explain machine.status.conditions --output=plaintext-openapiv2
explain nope
explain configmap.data
auth whoami
auth can-i create machines
auth can-i --list
auth can-i get secrets --as=system:serviceaccount:default:sa
config current-context
cluster-info
delete machine none
delete machine none --ignore-not-found
delete machine one --dry-run=server
delete machine one --wait
delete machines -l all=yes
delete -f two.yaml
delete configmap cm --cascade=foreground --wait=false
delete secrets --all
delete deployment,service -l !provider --cascade=orphan --wait=false
delete node node-1
delete ns site --wait=false
delete nope x
`.trim().split("\n");

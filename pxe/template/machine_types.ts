/**
 * The Go types that a template sees: netboot.templateData, the Machine API v1alpha3 and what it is made of.
 * Written down because a template of the peer's users is written against Go's names, not against JSON's.
 */

/**
 * One type a paragraph. First line: name and kind. A field: Go name, type, JSON key (`-` none, `inline` the object
 * itself), `embedded`. After a colon the methods: `*` takes a pointer, `T` is the type itself, `@` names a group.
 */
export const MACHINE_TYPES = `
@copy DeepCopy*()*T DeepCopyInto*(*T)
@wire Marshal*()[]uint8,error MarshalTo*([]uint8)int,error MarshalToSizedBuffer*([]uint8)int,error
@wire OpenAPIModelName()string Reset*() Size*()int Unmarshal*([]uint8)error
@meta GetAnnotations*()map[string]string GetCreationTimestamp*()v1.Time GetDeletionGracePeriodSeconds*()*int64
@meta GetDeletionTimestamp*()*v1.Time GetFinalizers*()[]string GetGenerateName*()string GetGeneration*()int64
@meta GetLabels*()map[string]string GetManagedFields*()[]v1.ManagedFieldsEntry GetName*()string
@meta GetNamespace*()string GetObjectMeta*()v1.Object GetOwnerReferences*()[]v1.OwnerReference
@meta GetResourceVersion*()string GetSelfLink*()string GetUID*()types.UID SetAnnotations*(map[string]string)
@meta SetCreationTimestamp*(v1.Time) SetDeletionGracePeriodSeconds*(*int64) SetDeletionTimestamp*(*v1.Time)
@meta SetFinalizers*([]string) SetGenerateName*(string) SetGeneration*(int64) SetLabels*(map[string]string)
@meta SetManagedFields*([]v1.ManagedFieldsEntry) SetName*(string) SetNamespace*(string)
@meta SetOwnerReferences*([]v1.OwnerReference) SetResourceVersion*(string) SetSelfLink*(string)
@meta SetUID*(types.UID)
@kind GetObjectKind*()schema.ObjectKind GroupVersionKind*()schema.GroupVersionKind
@kind SetGroupVersionKind*(schema.GroupVersionKind)
@time Add(time.Duration)time.Time AddDate(int,int,int)time.Time After(time.Time)bool
@time AppendBinary([]uint8)[]uint8,error AppendFormat([]uint8,string)[]uint8 AppendText([]uint8)[]uint8,error
@time Clock()int,int,int Compare(time.Time)int Date()int,time.Month,int Day()int Format(string)string
@time GoString()string GobDecode*([]uint8)error GobEncode()[]uint8,error Hour()int ISOWeek()int,int
@time In(*time.Location)time.Time IsDST()bool Local()time.Time Location()*time.Location
@time MarshalBinary()[]uint8,error MarshalJSON()[]uint8,error MarshalText()[]uint8,error Minute()int
@time Month()time.Month Nanosecond()int Round(time.Duration)time.Time Second()int String()string
@time Sub(time.Time)time.Duration Truncate(time.Duration)time.Time UTC()time.Time Unix()int64 UnixMicro()int64
@time UnixMilli()int64 UnixNano()int64 UnmarshalBinary*([]uint8)error UnmarshalJSON*([]uint8)error
@time UnmarshalText*([]uint8)error Weekday()time.Weekday Year()int YearDay()int Zone()string,int
@time ZoneBounds()time.Time,time.Time
time.Time struct
 wall uint64 -
 ext int64 -
 loc *time.Location -
 : @time Before(time.Time)bool Equal(time.Time)bool IsZero()bool
types.UID string
v1.Condition struct
 Type string type
 Status v1.ConditionStatus status
 ObservedGeneration int64 observedGeneration
 LastTransitionTime v1.Time lastTransitionTime
 Reason string reason
 Message string message
 : @copy @wire String*()string SwaggerDoc()map[string]string
v1.ConditionStatus string
v1.FieldsV1 struct
 Raw []uint8 -
 : @copy @wire MarshalCBOR()[]uint8,error MarshalJSON()[]uint8,error String()string
 : SwaggerDoc()map[string]string UnmarshalCBOR*([]uint8)error UnmarshalJSON*([]uint8)error
v1.ManagedFieldsEntry struct
 Manager string manager
 Operation v1.ManagedFieldsOperationType operation
 APIVersion string apiVersion
 Time *v1.Time time
 FieldsType string fieldsType
 FieldsV1 *v1.FieldsV1 fieldsV1
 Subresource string subresource
 : @copy @wire String*()string SwaggerDoc()map[string]string
v1.ManagedFieldsOperationType string
v1.ObjectMeta struct
 Name string name
 GenerateName string generateName
 Namespace string namespace
 SelfLink string selfLink
 UID types.UID uid
 ResourceVersion string resourceVersion
 Generation int64 generation
 CreationTimestamp v1.Time creationTimestamp
 DeletionTimestamp *v1.Time deletionTimestamp
 DeletionGracePeriodSeconds *int64 deletionGracePeriodSeconds
 Labels map[string]string labels
 Annotations map[string]string annotations
 OwnerReferences []v1.OwnerReference ownerReferences
 Finalizers []string finalizers
 ManagedFields []v1.ManagedFieldsEntry managedFields
 : @copy @wire @meta String*()string SwaggerDoc()map[string]string
v1.OwnerReference struct
 APIVersion string apiVersion
 Kind string kind
 Name string name
 UID types.UID uid
 Controller *bool controller
 BlockOwnerDeletion *bool blockOwnerDeletion
 : @copy @wire String*()string SwaggerDoc()map[string]string
v1.Time struct
 Time time.Time - embedded
 : @copy @wire @time Before*(*v1.Time)bool Equal*(*v1.Time)bool IsZero*()bool MarshalCBOR()[]uint8,error
 : MarshalQueryParameter()string,error OpenAPISchemaFormat()string OpenAPISchemaType()[]string
 : ProtoTime*()*v1.Timestamp RandFill*(*rand.Rand) Rfc3339Copy()v1.Time ToUnstructured()any
 : UnmarshalCBOR*([]uint8)error UnmarshalQueryParameter*(string)error
v1.TypeMeta struct
 Kind string kind
 APIVersion string apiVersion
 : @wire @kind String*()string SwaggerDoc()map[string]string
v1alpha3.AgentDownloadsSpec struct
 Kubernetes *v1alpha3.DownloadSource kubernetes
 Containerd *v1alpha3.DownloadSource containerd
 Runc *v1alpha3.DownloadSource runc
 CNI *v1alpha3.DownloadSource cni
 Crictl *v1alpha3.DownloadSource crictl
 : @copy
v1alpha3.AgentSpec struct
 Image string image
 Version string version
 BaseURL string baseURL
 URL string url
 Downloads *v1alpha3.AgentDownloadsSpec downloads
 : @copy
v1alpha3.AgentStatus struct
 Image string image
 : @copy
v1alpha3.BastionSSHSpec struct
 Host string host
 Username string username
 PrivateKeyRef *v1alpha3.SecretKeySelector privateKeyRef
 : @copy
v1alpha3.CloudInitSpec struct
 UserDataConfigMapRef *v1alpha3.ConfigMapKeySelector userDataConfigMapRef
 : @copy
v1alpha3.ConfigMapKeySelector struct
 Name string name
 Namespace string namespace
 Key string key
 : @copy
v1alpha3.DHCPLease struct
 IPv4 string ipv4
 MAC string mac
 SubnetMask string subnetMask
 Gateway string gateway
 DNS []string dns
 : @copy
v1alpha3.DownloadSource struct
 BaseURL string baseURL
 URL string url
 Version string version
 : @copy
v1alpha3.KubernetesSpec struct
 Version string version
 NodeRef *v1alpha3.LocalObjectReference nodeRef
 NodeLabels map[string]string nodeLabels
 RegisterWithTaints []string registerWithTaints
 BootstrapTokenRef v1alpha3.LocalObjectReference bootstrapTokenRef
 : @copy
v1alpha3.LocalObjectReference struct
 Name string name
 : @copy
v1alpha3.Machine struct
 TypeMeta v1.TypeMeta inline embedded
 ObjectMeta v1.ObjectMeta metadata embedded
 Spec v1alpha3.MachineSpec spec
 Status v1alpha3.MachineStatus status
 : @copy @meta @kind DeepCopyObject*()runtime.Object
v1alpha3.MachinePhase string
v1alpha3.MachineSpec struct
 SSH *v1alpha3.SSHSpec ssh
 PXE *v1alpha3.PXESpec pxe
 Kubernetes *v1alpha3.KubernetesSpec kubernetes
 Agent *v1alpha3.AgentSpec agent
 Operations *v1alpha3.OperationsSpec operations
 : @copy
v1alpha3.MachineStatus struct
 Phase v1alpha3.MachinePhase phase
 Message string message
 SSH *v1alpha3.SSHStatus ssh
 Redfish *v1alpha3.RedfishStatus redfish
 TPM *v1alpha3.TPMStatus tpm
 Agent *v1alpha3.AgentStatus agent
 Operations *v1alpha3.OperationsStatus operations
 Conditions []v1.Condition conditions
 : @copy
v1alpha3.OperationsSpec struct
 RebootCounter int64 rebootCounter
 RepaveCounter int64 repaveCounter
 : @copy
v1alpha3.OperationsStatus struct
 RebootCounter int64 rebootCounter
 RepaveCounter int64 repaveCounter
 : @copy
v1alpha3.PXESpec struct
 Image string image
 DHCPLeases []v1alpha3.DHCPLease dhcpLeases
 Redfish *v1alpha3.RedfishSpec redfish
 CloudInit *v1alpha3.CloudInitSpec cloudInit
 : @copy
v1alpha3.RedfishSpec struct
 URL string url
 Username string username
 DeviceID string deviceID
 PasswordRef v1alpha3.SecretKeySelector passwordRef
 : @copy
v1alpha3.RedfishStatus struct
 CertFingerprint string certFingerprint
 : @copy
v1alpha3.SSHSpec struct
 Host string host
 Username string username
 PrivateKeyRef v1alpha3.SecretKeySelector privateKeyRef
 Bastion *v1alpha3.BastionSSHSpec bastion
 : @copy
v1alpha3.SSHStatus struct
 Fingerprint string fingerprint
 : @copy
v1alpha3.SecretKeySelector struct
 Name string name
 Namespace string namespace
 Key string key
 : @copy
v1alpha3.TPMStatus struct
 EKPublicKey string ekPublicKey
 : @copy
time.Duration int64
 : String()string
time.Month int
 : String()string
time.Weekday int
 : String()string
netboot.templateData struct
 Machine *v1alpha3.Machine Machine
 ApiserverURL string ApiserverURL
 ServeURL string ServeURL
 AgentConfigJSON string AgentConfigJSON
 KubernetesVersion string KubernetesVersion
 ClusterDNS string ClusterDNS
`;

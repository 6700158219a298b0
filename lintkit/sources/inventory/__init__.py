"""Node inventories (Ansible, Talos, Kubernetes, Cluster API): which nodes a cluster has, with labels and taints."""

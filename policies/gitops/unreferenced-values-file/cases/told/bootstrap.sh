#!/bin/sh
helm upgrade --install keystone osh/keystone -f services/keystone/values-bootstrap.yaml

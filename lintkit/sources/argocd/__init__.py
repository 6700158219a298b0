"""Argo CD: Applications, ApplicationSets expanded offline, Applications inside chart templates."""

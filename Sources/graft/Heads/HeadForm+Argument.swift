public import ArgumentParser
public import Heads

extension HeadForm: ExpressibleByArgument {}

extension HeadActivation: ExpressibleByArgument {}

"""How well did netmon do? Scored from what a drill keeps, and from nothing else.

`kept` reads the folder, `truth` says who was really dark when and who was due a ticket, `matching` says which ticket
answers to which event, `figures` makes numbers of it, `score` puts the report together.
"""

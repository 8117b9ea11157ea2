"""How people and desks are told: e-mail, SMS drivers, ticket desks, and the rendering of their templates."""

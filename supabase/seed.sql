-- Two painting businesses to develop against. Dates are relative to the day this runs, ids are always the same, and
-- rows that are there already are left alone.
--
--   a  00000000-0000-0000-0000-000000000000  Brightside Painting, Austin: homes and small offices
--   b  11111111-1111-4111-8111-111111111111  Harbor Coatings, Portland: marine and commercial work
--
-- Ids read <business>0000000-<table>-4000-8000-<number>, with the table's number in the calls of pg_temp.id below.

set search_path = '';

create function pg_temp.business(b text) returns uuid language sql immutable as $$
  select case b
    when 'a' then '00000000-0000-0000-0000-000000000000'
    when 'b' then '11111111-1111-4111-8111-111111111111'
  end::uuid
$$;

create function pg_temp.id(b text, tbl integer, n integer) returns uuid language sql immutable as $$
  select (b || '0000000-' || lpad(tbl::text, 4, '0') || '-4000-8000-' || lpad(n::text, 12, '0'))::uuid
$$;

-- [[description, quantity, unit_price], …] to line items with their totals.
create function pg_temp.line_items(items jsonb) returns jsonb language sql immutable as $$
  select jsonb_agg(jsonb_build_object(
    'description', i -> 0, 'quantity', i -> 1, 'unit_price', i -> 2,
    'total', round((i ->> 1)::numeric * (i ->> 2)::numeric, 2)) order by n)
  from jsonb_array_elements(items) with ordinality as item (i, n)
$$;

-- [[section_name, item, amount, item, amount, …], …] to the sections of a proposal with their totals.
create function pg_temp.sections(sections jsonb) returns jsonb language sql immutable as $$
  select jsonb_agg(jsonb_build_object('section_name', s -> 0, 'items', lines.items, 'section_total', lines.total) order by n)
  from jsonb_array_elements(sections) with ordinality as section (s, n)
  cross join lateral (
    select
      jsonb_agg(jsonb_build_object('description', s -> k, 'amount', s -> k + 1) order by k) as items,
      sum((s ->> k + 1)::numeric) as total
    from generate_series(1, jsonb_array_length(s) - 2, 2) as k
  ) as lines
$$;

insert into api.contacts (
  id, user_id, name, email, phone, company, address, city, state, zip_code, contact_type, last_contacted_at, notes, tags,
  created_at)
select
  pg_temp.id(b, 1, n), pg_temp.business(b), name, email, phone, company, address,
  case b when 'a' then 'Austin' else 'Portland' end, case b when 'a' then 'TX' else 'ME' end, zip, type,
  current_date - contacted + time '15:30', notes, tags::text[], current_date - known + time '09:00'
from (values
  ('a', 1, 'John Smith', 'john.smith@example.com', '(512) 555-0101', null, '1204 Willow Creek Dr', '78741', 'client', 6, 'Prefers calls after 4 pm. Two dogs.', '{residential,repeat}', 400),
  ('a', 2, 'Maria Gonzalez', 'maria.g@example.com', '(512) 555-0102', null, '87 Barton Hills Ct', '78704', 'client', 2, 'Colour consultation included.', '{residential}', 120),
  ('a', 3, 'David Chen', 'dchen@lakewaydental.example', '(512) 555-0103', 'Lakeway Dental', '2300 Lohmans Crossing', '78734', 'client', 12, 'Work only on weekends, low-odour paint.', '{commercial,repeat}', 620),
  ('a', 4, 'Susan Miller', 'susan.miller@example.com', '(512) 555-0104', null, '415 Pecan Grove Rd', '78748', 'client', 34, null, '{residential}', 260),
  ('a', 5, 'Robert Johnson', 'rob.johnson@example.com', '(512) 555-0105', null, '9902 Mesa Verde Cir', '78749', 'client', 41, 'Slow payer, friendly.', '{residential}', 300),
  ('a', 6, 'Linda Park', 'linda@parkandco.example', '(512) 555-0106', 'Park & Co Realty', '500 Congress Ave', '78701', 'client', 4, 'Sends two or three listings a month.', '{commercial,referrer}', 700),
  ('a', 7, 'James O''Connor', 'jimoc@example.com', '(512) 555-0107', null, '31 Enfield Rd', '78703', 'client', 67, 'Historic house, lead-safe practices.', '{residential,historic}', 330),
  ('a', 8, 'Patricia Davis', 'pat.davis@example.com', '(512) 555-0108', null, '7718 Shoal Creek Blvd', '78757', 'client', 75, null, '{residential}', 210),
  ('a', 9, 'Hill Country Brewing', 'ops@hcbrewing.example', '(512) 555-0109', 'Hill Country Brewing', '1600 E 6th St', '78702', 'client', 20, 'Ask for Dana. Epoxy floors.', '{commercial}', 180),
  ('a', 10, 'Karen White', 'kwhite@example.com', '(512) 555-0110', null, '219 Live Oak St', '78704', 'client', 98, null, '{residential}', 365),
  ('a', 11, 'Michael Brown', 'mbrown@example.com', '(512) 555-0111', null, '6003 Balcones Dr', '78731', 'client', 140, 'Moved in last year, exterior due soon.', '{residential}', 420),
  ('a', 12, 'Westlake Montessori', 'office@westlakemontessori.example', '(512) 555-0112', 'Westlake Montessori', '800 Bee Cave Rd', '78746', 'client', 9, 'Zero-VOC only. Summer break work.', '{commercial,school}', 540),
  ('a', 13, 'Emily Turner', 'emily.turner@example.com', '(512) 555-0113', null, '1450 Rosewood Ave', '78702', 'lead', 3, 'Kitchen cabinets, found us on a search.', '{residential,web}', 5),
  ('a', 14, 'Carlos Ramirez', 'carlos.r@example.com', '(512) 555-0114', null, '3321 Duval St', '78705', 'lead', 18, 'Whole interior, three bedrooms.', '{residential,referral}', 25),
  ('a', 15, 'Oak Hill HOA', 'board@oakhillhoa.example', '(512) 555-0115', 'Oak Hill HOA', '6600 Convict Hill Rd', '78749', 'lead', 46, 'Fence and clubhouse, board meets monthly.', '{commercial}', 90),
  ('a', 16, 'Nancy Wilson', null, '(512) 555-0116', null, null, null, 'lead', null, 'Left a voicemail, wants a call back.', '{residential}', 2),
  ('a', 17, 'Lone Star Paint Supply', 'orders@lonestarpaint.example', '(512) 555-0117', 'Lone Star Paint Supply', '4200 S Lamar Blvd', '78745', 'supplier', 1, 'Account 20418, net 30, 12 % off list.', '{paint}', 900),
  ('a', 18, 'Capitol Scaffolding', 'rentals@capitolscaffold.example', '(512) 555-0118', 'Capitol Scaffolding', '1212 Airport Blvd', '78702', 'supplier', 52, 'Two days notice for lifts.', '{equipment}', 800),
  ('a', 19, 'Bluebonnet Drywall', 'hello@bluebonnetdrywall.example', '(512) 555-0119', 'Bluebonnet Drywall', '77 Industrial Oaks', '78735', 'supplier', 29, 'Subcontractor for repairs.', '{subcontractor}', 500),
  ('a', 20, 'Thomas Reed', 'treed@example.com', '(512) 555-0120', null, '18 Lakeshore Dr', '78746', 'client', 210, 'Two-storey exterior, done two years ago.', '{residential}', 760),
  ('b', 1, 'Anna Lindqvist', 'anna@lindqvistboats.example', '(207) 555-0141', 'Lindqvist Boatworks', '12 Commercial St', '04101', 'client', 5, 'Hulls in spring, masts in autumn.', '{marine,repeat}', 500),
  ('b', 2, 'Portland Fish Pier', 'maintenance@fishpier.example', '(207) 555-0142', 'Portland Fish Pier', '1 Fish Pier Rd', '04101', 'client', 14, 'Purchase order needed on every invoice.', '{commercial}', 800),
  ('b', 3, 'George Hamlin', 'ghamlin@example.com', '(207) 555-0143', null, '44 Eastern Prom', '04101', 'client', 33, null, '{residential}', 150),
  ('b', 4, 'Casco Bay Ferries', 'yard@cascoferries.example', '(207) 555-0144', 'Casco Bay Ferries', '56 State Pier', '04101', 'client', 3, 'Dry dock windows fixed by the coast guard.', '{marine}', 640),
  ('b', 5, 'Ruth Abernathy', 'ruth.ab@example.com', '(207) 555-0145', null, '9 Spruce Point', '04107', 'client', 71, 'Lighthouse keeper''s house.', '{residential,historic}', 230),
  ('b', 6, 'Munjoy Lofts', 'pm@munjoylofts.example', '(207) 555-0146', 'Munjoy Lofts', '150 Congress St', '04101', 'client', 26, 'Stairwells by floor.', '{commercial}', 310),
  ('b', 7, 'Peter Dow', 'pdow@example.com', '(207) 555-0147', null, '3 Cliff Ave', '04102', 'client', 95, null, '{residential}', 400),
  ('b', 8, 'Back Cove Brewing', 'hello@backcove.example', '(207) 555-0148', 'Back Cove Brewing', '88 Anderson St', '04101', 'client', 48, 'Tank room needs food-safe epoxy.', '{commercial}', 190),
  ('b', 9, 'Sail Maine', 'office@sailmaine.example', '(207) 555-0149', 'Sail Maine', '58 Fore St', '04101', 'client', 130, 'Non-profit rate.', '{marine}', 720),
  ('b', 10, 'Irene Castonguay', 'irene.c@example.com', '(207) 555-0150', null, '21 Bramhall St', '04102', 'client', 19, null, '{residential}', 60),
  ('b', 11, 'Deering High School', 'facilities@deering.example', '(207) 555-0151', 'Deering High School', '370 Stevens Ave', '04103', 'lead', 22, 'Gym ceiling, public tender.', '{commercial,school}', 40),
  ('b', 12, 'Walter Nye', null, '(207) 555-0152', null, null, null, 'lead', null, 'Asked about a 40-foot ketch.', '{marine}', 4),
  ('b', 13, 'Sophie Tran', 'sophie.tran@example.com', '(207) 555-0153', null, '602 Forest Ave', '04101', 'lead', 63, 'Three-unit house, exterior.', '{residential}', 80),
  ('b', 14, 'North Atlantic Coatings', 'sales@nacoatings.example', '(207) 555-0154', 'North Atlantic Coatings', '900 Riverside St', '04103', 'supplier', 7, 'Anti-fouling in 20-litre drums.', '{paint}', 900),
  ('b', 15, 'Maine Lift & Rigging', 'rent@mainelift.example', '(207) 555-0155', 'Maine Lift & Rigging', '41 Warren Ave', '04103', 'supplier', 88, null, '{equipment}', 650)
) as v (b, n, name, email, phone, company, address, zip, type, contacted, notes, tags, known)
on conflict do nothing;

insert into api.projects (
  id, user_id, project_number, name, client_id, client_name, status, description, location, square_footage, paint_type,
  surface_type, paint_brand, paint_color, number_of_coats, primer_needed, start_date, end_date, estimated_duration_days,
  actual_completion_date, estimated_cost, actual_cost, budget, assigned_team, completion_percentage, tags, created_at)
select
  pg_temp.id(v.b, 2, v.n), pg_temp.business(v.b), 'PRJ-' || 1000 + v.n, v.name, c.id, c.name, v.status, v.description,
  concat_ws(', ', c.address, c.city), v.area, v.paint, v.surface, v.brand, v.color, v.coats, v.primer,
  current_date + v.starts, current_date + v.starts + v.days, v.days,
  case when v.status = 'completed' then current_date + v.starts + v.days + v.late end,
  v.estimated, v.actual, v.budget, v.team::text[], v.done, v.tags::text[], current_date + v.starts - 21 + time '10:00'
from (values
  ('a', 1, 1, 'Smith living room and hallway', 'completed', 'Walls and trim, patch nail holes', 980, 'eggshell', 'drywall', 'Sherwin-Williams', 'Agreeable Gray', 2, false, -150, 6, 0, 3200, 3050, 3600, '{Luis,Tanya}', 100, '{interior}'),
  ('a', 2, 3, 'Lakeway Dental treatment rooms', 'completed', 'Six rooms, low odour, weekends', 2400, 'low-VOC satin', 'drywall', 'Benjamin Moore', 'White Dove', 2, true, -110, 14, 3, 8600, 9240, 9500, '{Luis,Tanya,Marcus}', 100, '{interior,commercial}'),
  ('a', 3, 7, 'O''Connor historic facade', 'completed', 'Lead-safe scraping, prime, two coats', 3100, 'exterior acrylic', 'wood siding', 'Benjamin Moore', 'Hale Navy', 2, true, -95, 20, 5, 14800, 16150, 15500, '{Marcus,Joe,Ana}', 100, '{exterior,historic}'),
  ('a', 4, 12, 'Montessori classrooms', 'completed', 'Zero-VOC, four classrooms', 3600, 'zero-VOC matte', 'drywall', 'ECOS', 'Cloud', 2, false, -60, 10, -1, 9400, 8900, 10000, '{Tanya,Ana}', 100, '{interior,school}'),
  ('a', 5, 9, 'Brewing taproom and floor', 'active', 'Epoxy floor and accent walls', 4200, 'epoxy', 'concrete', 'Sika', 'Slate', 2, true, -12, 24, 0, 18500, 9700, 19500, '{Marcus,Joe,Luis}', 55, '{commercial,floor}'),
  ('a', 6, 2, 'Gonzalez kitchen repaint', 'active', 'Cabinets sprayed, walls and ceiling', 420, 'cabinet enamel', 'wood', 'Sherwin-Williams', 'Pure White', 3, true, -5, 9, 0, 5400, 2300, 5800, '{Tanya,Ana}', 40, '{interior,cabinets}'),
  ('a', 7, 6, 'Park listings touch-up', 'active', 'Three listings before photography', 1500, 'matte', 'drywall', 'Behr', 'Swiss Coffee', 1, false, -20, 15, 0, 3900, 4350, 4000, '{Luis}', 80, '{interior,realty}'),
  ('a', 8, 5, 'Johnson exterior trim', 'on-hold', 'Waits for carpentry repair', 600, 'exterior gloss', 'wood', 'Valspar', 'Bright White', 2, true, -30, 7, 0, 2800, 650, 3000, '{Joe}', 20, '{exterior}'),
  ('a', 9, 4, 'Miller nursery', 'draft', 'One room with mural prep', 180, 'zero-VOC matte', 'drywall', 'ECOS', 'Sea Glass', 2, false, 18, 3, 0, 1200, 0, 1350, '{}', 0, '{interior}'),
  ('a', 10, 8, 'Davis fence staining', 'cancelled', 'Owner replaced the fence', 900, 'stain', 'wood', 'Ready Seal', 'Natural Cedar', 1, false, -70, 4, 0, 1700, 120, 1800, '{}', 0, '{exterior}'),
  ('b', 1, 1, 'Hull refit, two sloops', 'completed', 'Strip, barrier coat, anti-fouling', 1100, 'anti-fouling', 'fibreglass', 'Interlux', 'Micron Blue', 3, true, -120, 18, 2, 21000, 22300, 23000, '{Owen,Kit}', 100, '{marine}'),
  ('b', 2, 2, 'Fish pier railings', 'completed', 'Blast and two-part polyurethane', 2600, 'polyurethane', 'steel', 'Carboline', 'Safety Yellow', 2, true, -80, 15, 0, 17500, 16900, 18500, '{Owen,Kit,Faye}', 100, '{commercial,steel}'),
  ('b', 3, 5, 'Keeper''s house exterior', 'completed', 'Shingles and tower door', 2200, 'solid stain', 'cedar', 'Cabot', 'Bleached', 2, false, -75, 12, 4, 9800, 10450, 10200, '{Faye}', 100, '{exterior,historic}'),
  ('b', 4, 4, 'Ferry deck coating', 'active', 'Non-skid on the car deck', 5200, 'non-skid epoxy', 'steel', 'Carboline', 'Deck Grey', 2, true, -8, 20, 0, 34000, 15100, 36000, '{Owen,Kit,Sam}', 45, '{marine,steel}'),
  ('b', 5, 6, 'Loft stairwells', 'active', 'Five floors, fire doors', 3900, 'scuff-proof satin', 'drywall', 'Benjamin Moore', 'Chantilly Lace', 2, false, -25, 30, 0, 12400, 9900, 13000, '{Faye,Sam}', 75, '{interior,commercial}'),
  ('b', 6, 8, 'Tank room epoxy', 'on-hold', 'Waits for the drain to be moved', 1400, 'food-safe epoxy', 'concrete', 'Sherwin-Williams', 'Haze Gray', 2, true, -40, 8, 0, 11200, 1800, 12000, '{Kit}', 10, '{commercial,floor}'),
  ('b', 7, 10, 'Castonguay bay windows', 'draft', 'Reglaze and paint', 240, 'exterior gloss', 'wood', 'Fine Paints', 'Linen', 3, true, 12, 6, 0, 3600, 0, 3900, '{}', 0, '{exterior}'),
  ('b', 8, 7, 'Dow porch', 'cancelled', 'Sold the house', 300, 'porch enamel', 'wood', 'Benjamin Moore', 'Platinum', 2, false, -90, 3, 0, 1500, 0, 1600, '{}', 0, '{exterior}')
) as v (b, n, client, name, status, description, area, paint, surface, brand, color, coats, primer, starts, days, late,
  estimated, actual, budget, team, done, tags)
join api.contacts as c on c.id = pg_temp.id(v.b, 1, v.client)
on conflict do nothing;

insert into api.invoices (
  id, user_id, invoice_number, client_id, client_name, project_id, project_name, issue_date, due_date, subtotal, tax_rate,
  tax_amount, discount_amount, total_amount, amount_paid, line_items, status, payment_method, payment_date, terms, created_at)
select
  pg_temp.id(v.b, 3, v.n), pg_temp.business(v.b), 'INV-' || 2000 + v.n, c.id, c.name, p.id, p.name,
  current_date - v.issued, current_date - v.issued + v.term, sums.subtotal, sums.rate, sums.tax, v.discount, sums.total,
  case v.status when 'paid' then sums.total else v.paid end, pg_temp.line_items(v.items::jsonb), v.status, v.method,
  current_date - v.paid_ago, 'Net ' || v.term, current_date - v.issued + time '17:00'
from (values
  ('a', 1, 1, 1, 235, 30, 'paid', 0.00, 0.00, 207, 'check', '[["Hallway walls, two coats", 640, 1.85], ["Baseboards, linear feet", 210, 2.4]]'),
  ('a', 2, 6, null, 218, 15, 'paid', 50.00, 0.00, 205, 'bank transfer', '[["Listing refresh, Congress Ave", 1, 1450], ["Touch-up kit", 2, 38.75]]'),
  ('a', 3, 3, 2, 201, 30, 'paid', 0.00, 0.00, 176, 'bank transfer', '[["Reception area", 880, 2.6], ["Low-VOC upcharge, gallons", 9, 14.5]]'),
  ('a', 4, 10, null, 186, 30, 'paid', 0.00, 0.00, 160, 'credit card', '[["Two bedrooms", 2, 780], ["Ceiling repair", 1, 240]]'),
  ('a', 5, 20, null, 170, 30, 'overdue', 0.00, 0.00, null, null, '[["Garage doors, spray finish", 2, 415], ["Power washing, hours", 3.5, 85]]'),
  ('a', 6, 1, 1, 143, 30, 'paid', 100.00, 0.00, 118, 'check', '[["Living room walls", 980, 2.1], ["Trim and doors", 11, 72.5], ["Materials", 1, 386.4]]'),
  ('a', 7, 7, 3, 127, 30, 'overdue', 0.00, 0.00, null, null, '[["Facade deposit, lead-safe setup", 1, 4200]]'),
  ('a', 8, 11, null, 121, 30, 'paid', 0.00, 0.00, 96, 'credit card', '[["Deck staining", 520, 3.15]]'),
  ('a', 9, 8, 10, 114, 30, 'overdue', 0.00, 0.00, null, null, '[["Fence inspection and samples", 1, 120], ["Restocking, stain", 4, 46.9]]'),
  ('a', 10, 3, 2, 104, 30, 'paid', 0.00, 0.00, 79, 'bank transfer', '[["Treatment rooms", 6, 1180], ["Weekend work, hours", 22, 28]]'),
  ('a', 11, 5, 8, 97, 30, 'overdue', 0.00, 0.00, null, null, '[["Trim preparation, hours", 9, 62], ["Primer, gallons", 3, 41.35]]'),
  ('a', 12, 4, null, 85, 30, 'overdue', 0.00, 0.00, null, null, '[["Guest bathroom", 1, 690], ["Mildew treatment", 1, 135.5]]'),
  ('a', 13, 7, 3, 72, 30, 'paid', 0.00, 0.00, 40, 'check', '[["Facade, second instalment", 1, 7600], ["Scaffolding, weeks", 3, 540]]'),
  ('a', 14, 10, null, 68, 30, 'overdue', 0.00, 0.00, null, null, '[["Stairwell walls", 410, 2.35], ["Handrail, two coats", 1, 210]]'),
  ('a', 15, 8, 10, 60, 30, 'cancelled', 0.00, 0.00, null, null, '[["Fence staining", 900, 1.9]]'),
  ('a', 16, 12, 4, 52, 30, 'paid', 250.00, 0.00, 27, 'bank transfer', '[["Classrooms, zero-VOC", 4, 2180], ["Door frames", 8, 55]]'),
  ('a', 17, 5, 8, 52, 30, 'overdue', 0.00, 0.00, null, null, '[["Window frames, exterior", 7, 118.25]]'),
  ('a', 18, 2, 6, 50, 30, 'partial', 0.00, 900.00, 24, 'credit card', '[["Colour consultation", 1, 180], ["Cabinet preparation", 18, 88]]'),
  ('a', 19, 6, 7, 41, 15, 'paid', 0.00, 0.00, 22, 'bank transfer', '[["Listing one, walls", 620, 1.95], ["Listing one, doors", 9, 48]]'),
  ('a', 20, 1, null, 35, 30, 'overdue', 0.00, 0.00, null, null, '[["Front door, three coats", 1, 380], ["Porch ceiling", 140, 3.4]]'),
  ('a', 21, 9, 5, 33, 15, 'paid', 0.00, 0.00, 11, 'bank transfer', '[["Taproom deposit", 1, 5500]]'),
  ('a', 22, 6, 7, 26, 15, 'paid', 0.00, 0.00, 4, 'bank transfer', '[["Listing two, walls", 540, 1.95], ["Carpet protection", 1, 75]]'),
  ('a', 23, 9, 5, 15, 30, 'partial', 0.00, 2500.00, 2, 'bank transfer', '[["Floor grinding, square feet", 2100, 1.6], ["Epoxy base coat", 2100, 2.05]]'),
  ('a', 24, 3, null, 12, 30, 'sent', 0.00, 0.00, null, null, '[["Staff room", 1, 940], ["Accent wall", 1, 265]]'),
  ('a', 25, 12, null, 10, 30, 'paid', 0.00, 0.00, 0, 'bank transfer', '[["Playground railings", 160, 6.25]]'),
  ('a', 26, 2, 6, 6, 30, 'viewed', 0.00, 0.00, null, null, '[["Cabinet spraying, doors", 24, 68], ["Hardware removal and fitting", 1, 190]]'),
  ('a', 27, 4, 9, 3, 30, 'sent', 0.00, 0.00, null, null, '[["Nursery deposit", 1, 400]]'),
  ('a', 28, 6, 7, 1, 15, 'draft', 0.00, 0.00, null, null, '[["Listing three, walls", 340, 1.95]]'),
  ('a', 29, 9, 5, 0, 30, 'draft', 0.00, 0.00, null, null, '[["Epoxy top coat", 2100, 2.3], ["Accent walls", 3, 310]]'),
  ('b', 1, 1, 1, 228, 30, 'paid', 0.00, 0.00, 200, 'bank transfer', '[["Mast stripping and varnish", 2, 1650]]'),
  ('b', 2, 9, null, 196, 30, 'overdue', 0.00, 0.00, null, null, '[["Dinghy fleet, topsides", 8, 145]]'),
  ('b', 3, 2, 2, 165, 45, 'paid', 0.00, 0.00, 121, 'bank transfer', '[["Pier bollards", 24, 96.5], ["Night shift, hours", 16, 34]]'),
  ('b', 4, 7, null, 140, 30, 'overdue', 0.00, 0.00, null, null, '[["Porch scraping, hours", 7.5, 58]]'),
  ('b', 5, 1, 1, 118, 30, 'paid', 500.00, 0.00, 90, 'check', '[["Hull stripping", 2, 3900], ["Barrier coat", 2, 2150]]'),
  ('b', 6, 5, 3, 102, 30, 'overdue', 0.00, 0.00, null, null, '[["Tower door restoration", 1, 1280]]'),
  ('b', 7, 1, 1, 97, 30, 'paid', 0.00, 0.00, 66, 'check', '[["Anti-fouling, three coats", 2, 3475.5]]'),
  ('b', 8, 3, null, 91, 30, 'overdue', 0.00, 0.00, null, null, '[["Dining room, lime wash", 1, 1890]]'),
  ('b', 9, 2, 2, 66, 45, 'paid', 0.00, 0.00, 19, 'bank transfer', '[["Railing blasting, feet", 640, 11.4], ["Polyurethane, two coats", 640, 13.25]]'),
  ('b', 10, 5, 3, 63, 30, 'paid', 0.00, 0.00, 35, 'check', '[["Shingles, solid stain", 2200, 3.6]]'),
  ('b', 11, 8, 6, 74, 30, 'overdue', 0.00, 0.00, null, null, '[["Tank room survey", 1, 650], ["Moisture barrier", 400, 2.9]]'),
  ('b', 12, 6, 5, 48, 30, 'overdue', 0.00, 0.00, null, null, '[["Stairwells, floors one and two", 2, 2380]]'),
  ('b', 13, 3, null, 39, 30, 'overdue', 0.00, 0.00, null, null, '[["Sash windows", 6, 215]]'),
  ('b', 14, 4, 4, 36, 15, 'paid', 0.00, 0.00, 17, 'bank transfer', '[["Car deck mobilisation", 1, 6800]]'),
  ('b', 15, 10, null, 30, 30, 'cancelled', 0.00, 0.00, null, null, '[["Shutters", 10, 88]]'),
  ('b', 16, 6, 5, 20, 30, 'partial', 0.00, 1500.00, 5, 'check', '[["Stairwells, floor three", 1, 2380], ["Fire doors", 6, 165]]'),
  ('b', 17, 4, 4, 14, 30, 'sent', 0.00, 0.00, null, null, '[["Deck blasting, square feet", 2600, 2.15], ["Primer", 2600, 1.4]]'),
  ('b', 18, 2, null, 9, 45, 'paid', 0.00, 0.00, 0, 'bank transfer', '[["Safety line repaint, feet", 900, 1.75]]'),
  ('b', 19, 1, null, 5, 30, 'viewed', 0.00, 0.00, null, null, '[["Boom varnish", 1, 720]]'),
  ('b', 20, 6, 5, 0, 30, 'draft', 0.00, 0.00, null, null, '[["Stairwells, floor four", 1, 2380]]')
) as v (b, n, client, project, issued, term, status, discount, paid, paid_ago, method, items)
join api.contacts as c on c.id = pg_temp.id(v.b, 1, v.client)
left join api.projects as p on p.id = pg_temp.id(v.b, 2, v.project)
cross join lateral (
  select subtotal, rate, tax, subtotal - v.discount + tax as total
  from (select sum((i ->> 'total')::numeric) as subtotal from jsonb_array_elements(pg_temp.line_items(v.items::jsonb)) as i) as lines
  cross join (select case v.b when 'a' then 8.25 else 5.5 end as rate) as rates
  cross join lateral (select round((subtotal - v.discount) * rate / 100, 2) as tax) as taxes
) as sums
on conflict do nothing;

insert into api.proposals (
  id, user_id, proposal_number, title, client_id, client_name, description, scope_of_work, subtotal, tax_rate, tax_amount,
  discount_amount, total_amount, sections, issue_date, valid_until, accepted_date, status, terms, created_at)
select
  pg_temp.id(v.b, 4, v.n), pg_temp.business(v.b), 'PROP-' || 3000 + v.n, v.title, c.id, c.name, v.title || ' for ' || c.name,
  v.scope, sums.subtotal, sums.rate, sums.tax, v.discount, sums.subtotal - v.discount + sums.tax,
  pg_temp.sections(v.sections::jsonb), current_date - v.issued, current_date - v.issued + 30, current_date - v.accepted,
  v.status, '30 % deposit, balance on completion', current_date - v.issued + time '11:00'
from (values
  ('a', 1, 9, 'Taproom walls and epoxy floor', 'Grind, two coats of epoxy, three accent walls', 40, 34, 'accepted', 0.00, '[["Floor", "Grinding", 3360, "Epoxy, two coats", 9135], ["Walls", "Accent walls", 930, "Ceiling pipes", 2150]]'),
  ('a', 2, 2, 'Kitchen repaint', 'Spray cabinets, repaint walls and ceiling', 28, 22, 'accepted', 100.00, '[["Cabinets", "Doors and drawers", 2950, "Frames", 1150], ["Room", "Walls and ceiling", 980]]'),
  ('a', 3, 13, 'Cabinet refinishing', 'Strip and spray 22 doors', 4, null, 'sent', 0.00, '[["Cabinets", "Preparation", 1100, "Spraying", 2640]]'),
  ('a', 4, 14, 'Whole interior, three bedrooms', 'Walls, ceilings and trim throughout', 15, null, 'viewed', 0.00, '[["Bedrooms", "Three bedrooms", 2850], ["Common rooms", "Living room", 1650, "Hallway", 720]]'),
  ('a', 5, 15, 'Clubhouse and perimeter fence', 'Clubhouse exterior, 1,400 feet of fence', 44, null, 'expired', 0.00, '[["Clubhouse", "Exterior", 7200], ["Fence", "Staining", 5600]]'),
  ('a', 6, 11, 'Exterior repaint', 'Full exterior, two coats', 75, null, 'rejected', 0.00, '[["Exterior", "Siding", 8900, "Trim", 2300]]'),
  ('a', 7, 4, 'Nursery with mural preparation', 'One room, zero-VOC', 8, 3, 'accepted', 0.00, '[["Nursery", "Walls and ceiling", 890, "Mural base", 310]]'),
  ('a', 8, 6, 'Spring listings package', 'Five listings, one coat', 0, null, 'draft', 250.00, '[["Listings", "Five listings", 5750]]'),
  ('b', 1, 4, 'Car deck non-skid coating', 'Blast, prime and two coats', 50, 42, 'accepted', 0.00, '[["Preparation", "Blasting", 9800, "Primer", 4100], ["Coating", "Non-skid, two coats", 17600]]'),
  ('b', 2, 6, 'Stairwells, five floors', 'Walls, ceilings, fire doors', 60, 47, 'accepted', 400.00, '[["Stairwells", "Five floors", 11900]]'),
  ('b', 3, 11, 'Gym ceiling', 'Dry-fall coating at 28 feet', 18, null, 'sent', 0.00, '[["Ceiling", "Lift hire", 3200, "Dry-fall coating", 14800]]'),
  ('b', 4, 13, 'Three-unit exterior', 'Clapboard and porches', 55, null, 'expired', 0.00, '[["Exterior", "Clapboard", 13400, "Porches", 3600]]'),
  ('b', 5, 10, 'Bay windows', 'Reglaze, prime, two coats', 10, null, 'viewed', 0.00, '[["Windows", "Reglazing", 1450, "Painting", 2100]]'),
  ('b', 6, 9, 'Committee boat topsides', 'Sand and two-part finish', 90, null, 'rejected', 0.00, '[["Boat", "Topsides", 6400]]')
) as v (b, n, client, title, scope, issued, accepted, status, discount, sections)
join api.contacts as c on c.id = pg_temp.id(v.b, 1, v.client)
cross join lateral (
  select subtotal, rate, round((subtotal - v.discount) * rate / 100, 2) as tax
  from (select sum((s ->> 'section_total')::numeric) as subtotal from jsonb_array_elements(pg_temp.sections(v.sections::jsonb)) as s) as parts
  cross join (select case v.b when 'a' then 8.25 else 5.5 end as rate) as rates
) as sums
on conflict do nothing;

insert into api.appointments (
  id, user_id, title, client_id, client_name, project_id, project_name, appointment_date, start_time, end_time,
  duration_minutes, location, appointment_type, status, assigned_to, reminder_sent, notes)
select
  pg_temp.id(v.b, 5, v.n), pg_temp.business(v.b), v.title, c.id, c.name, p.id, p.name, current_date + v.day, v.starts::time,
  v.starts::time + make_interval(mins => v.minutes), v.minutes, concat_ws(', ', c.address, c.city), v.type, v.status,
  v.assigned, v.day <= 1, v.notes
from (values
  ('a', 1, 13, null, 'Cabinet estimate', 1, '09:00', 60, 'estimate', 'confirmed', 'Tanya', null),
  ('a', 2, 14, null, 'Walk-through, three bedrooms', 2, '14:00', 90, 'estimate', 'scheduled', 'Luis', 'Bring the colour fans.'),
  ('a', 3, 9, 5, 'Epoxy top coat', 3, '07:00', 480, 'painting', 'scheduled', 'Marcus', 'Taproom is closed that day.'),
  ('a', 4, 1, null, 'Exterior consultation', 6, '16:30', 45, 'consultation', 'scheduled', 'Luis', null),
  ('a', 5, 2, 6, 'Cabinet doors, spraying', 0, '08:00', 420, 'painting', 'in-progress', 'Tanya', null),
  ('a', 6, 12, 4, 'Final walk-through', -3, '15:00', 30, 'follow-up', 'completed', 'Ana', 'Touch-ups in classroom 2.'),
  ('a', 7, 15, null, 'Board presentation', 9, '18:00', 60, 'consultation', 'confirmed', 'Luis', null),
  ('a', 8, 16, null, 'First visit', -1, '11:00', 45, 'consultation', 'no-show', 'Ana', null),
  ('a', 9, 5, 8, 'Carpentry check', -6, '10:00', 30, 'follow-up', 'rescheduled', 'Joe', null),
  ('a', 10, 8, 10, 'Fence staining', -66, '08:00', 360, 'painting', 'cancelled', 'Joe', null),
  ('a', 11, 6, 7, 'Listing three, photos', 4, '10:00', 30, 'follow-up', 'scheduled', 'Luis', null),
  ('b', 1, 4, 4, 'Non-skid, first coat', 1, '06:00', 540, 'painting', 'confirmed', 'Owen', 'Tide at 05:10.'),
  ('b', 2, 11, null, 'Gym survey', 3, '13:00', 90, 'estimate', 'scheduled', 'Kit', null),
  ('b', 3, 6, 5, 'Floor four hand-over', 5, '09:30', 45, 'follow-up', 'scheduled', 'Faye', null),
  ('b', 4, 1, null, 'Spring haul-out planning', 8, '10:00', 60, 'consultation', 'scheduled', 'Owen', null),
  ('b', 5, 10, null, 'Bay window estimate', -10, '15:00', 60, 'estimate', 'completed', 'Faye', null),
  ('b', 6, 12, null, 'Ketch inspection', -2, '12:00', 60, 'consultation', 'no-show', 'Kit', null)
) as v (b, n, client, project, title, day, starts, minutes, type, status, assigned, notes)
join api.contacts as c on c.id = pg_temp.id(v.b, 1, v.client)
left join api.projects as p on p.id = pg_temp.id(v.b, 2, v.project)
on conflict do nothing;

insert into api.reviews (
  id, user_id, client_id, client_name, project_id, project_name, rating, title, review_text, platform, platform_url, status,
  response_text, response_date, responded_by, review_date)
select
  pg_temp.id(v.b, 6, v.n), pg_temp.business(v.b), c.id, c.name, p.id, p.name, v.rating, v.title, v.review, v.platform,
  'https://reviews.example/' || v.platform || '/' || v.b || v.n, v.status, v.response, current_date - v.answered,
  case when v.answered is not null then 'Office' end, current_date - v.day
from (values
  ('a', 1, 1, 1, 5, 'Careful and tidy', 'They moved every piece of furniture and put it back. Lines are razor sharp.', 'google', 'responded', 'Thank you, John. See you for the exterior!', 136, 139),
  ('a', 2, 3, 2, 4, 'Great work, a little late', 'The rooms look wonderful. Three days over plan, but they told us in advance.', 'google', 'responded', 'We appreciate your patience with the weekend schedule.', 88, 90),
  ('a', 3, 7, 3, 5, 'Respect for an old house', 'Lead-safe work done right and the navy is perfect.', 'houzz', 'published', null, null, 66),
  ('a', 4, 12, 4, 5, 'No smell at all', 'Children were back in class the next morning.', 'google', 'published', null, null, 44),
  ('a', 5, 5, 8, 2, 'Still waiting', 'Work stopped a month ago and nobody tells me when it goes on.', 'yelp', 'pending', null, null, 8),
  ('a', 6, 6, 7, 4, 'Fast turnaround', 'Two listings photo-ready in a week.', 'facebook', 'approved', null, null, 14),
  ('a', 7, 10, null, 3, 'Fine, but drips', 'Found drips on the handrail, they fixed it after a call.', 'yelp', 'responded', 'Glad we could put it right.', 50, 55),
  ('a', 8, 16, null, 1, 'Wrong company?', 'They painted my mailbox without asking.', 'yelp', 'flagged', null, null, 20),
  ('b', 1, 1, 1, 5, 'Fair and fast', 'Both hulls back in the water before the race.', 'google', 'responded', 'Good luck this season!', 92, 94),
  ('b', 2, 2, 2, 4, 'Solid railings', 'Survived the first winter storm without a chip.', 'google', 'published', null, null, 30),
  ('b', 3, 5, 3, 3, 'Nice finish, over budget', 'Looks right, cost more than I was told.', 'facebook', 'pending', null, null, 12),
  ('b', 4, 6, 5, 5, 'Tenants love it', 'Clean stairwells and they swept every evening.', 'google', 'published', null, null, 6)
) as v (b, n, client, project, rating, title, review, platform, status, response, answered, day)
join api.contacts as c on c.id = pg_temp.id(v.b, 1, v.client)
left join api.projects as p on p.id = pg_temp.id(v.b, 2, v.project)
on conflict do nothing;

insert into api.campaigns (
  id, user_id, name, campaign_type, description, start_date, end_date, status, budget, actual_cost, revenue_generated,
  target_audience_count, sent_count, delivered_count, opened_count, clicked_count, converted_count, content, tags)
select
  pg_temp.id(b, 7, n), pg_temp.business(b), name, type, description, current_date + starts, current_date + starts + days,
  status, budget, cost, revenue, audience, sent, delivered, opened, clicked, converted,
  jsonb_build_object('subject', subject, 'call_to_action', 'Book a free estimate'), tags::text[]
from (values
  ('a', 1, 'Spring exterior special', 'email', 'Ten per cent off exteriors booked early', -120, 45, 'completed', 800.00, 742.50, 23150.00, 640, 640, 618, 241, 66, 5, 'Your house called', '{exterior}'),
  ('a', 2, 'Refer a neighbour', 'referral', 'A gift card for both', -60, 90, 'active', 1500.00, 450.00, 8600.00, 120, 120, 120, 0, 0, 3, 'Paint loves company', '{referral}'),
  ('a', 3, 'Cabinet refresh', 'social', 'Before and after pictures', -14, 30, 'active', 600.00, 285.75, 5078.00, 9000, 9000, 8740, 1310, 204, 1, 'New kitchen in a week', '{cabinets}'),
  ('a', 4, 'Estimate reminders', 'sms', 'Nudge open proposals', -30, 20, 'paused', 150.00, 61.20, 0.00, 34, 34, 33, 30, 4, 0, 'Your estimate is waiting', '{follow-up}'),
  ('a', 5, 'Holiday postcards', 'direct-mail', 'Past clients', 40, 20, 'scheduled', 900.00, 0.00, 0.00, 410, 0, 0, 0, 0, 0, 'Happy holidays', '{retention}'),
  ('a', 6, 'HOA outreach', 'email', 'Boards in the south-west', 20, 30, 'draft', 300.00, 0.00, 0.00, 85, 0, 0, 0, 0, 0, 'Fences that last', '{commercial}'),
  ('b', 1, 'Haul-out early bird', 'email', 'Book hull work before the frost', -100, 40, 'completed', 500.00, 480.00, 19400.00, 310, 310, 301, 160, 52, 4, 'Dry dock days are going', '{marine}'),
  ('b', 2, 'Property managers', 'direct-mail', 'Stairwell package', -45, 60, 'active', 700.00, 655.40, 11900.00, 150, 150, 144, 0, 0, 1, 'Scuff-proof stairs', '{commercial}'),
  ('b', 3, 'Storm check', 'sms', 'Free inspection after storms', 10, 15, 'scheduled', 120.00, 0.00, 0.00, 95, 0, 0, 0, 0, 0, 'Did your paint hold?', '{retention}')
) as v (b, n, name, type, description, starts, days, status, budget, cost, revenue, audience, sent, delivered, opened,
  clicked, converted, subject, tags)
on conflict do nothing;

insert into api.tasks (
  id, user_id, title, description, project_id, project_name, client_id, client_name, status, priority, assigned_to, due_date,
  completed_date, tags, checklist)
select
  pg_temp.id(v.b, 8, v.n), pg_temp.business(v.b), v.title, v.description, p.id, p.name, p.client_id, p.client_name, v.status,
  v.priority, v.assigned, current_date + v.due, current_date - v.finished, v.tags::text[],
  (
    select coalesce(jsonb_agg(jsonb_build_object('item', item, 'completed', v.status = 'completed') order by n), '[]')
    from unnest(v.items::text[]) with ordinality as list (item, n)
  )
from (values
  ('a', 1, 5, 'Order epoxy top coat', 'Lone Star needs two days', 'todo', 'urgent', 'Marcus', 0, null::integer, '{materials}', '{"Confirm colour","Place order"}'),
  ('a', 2, 6, 'Label cabinet doors', null, 'completed', 'medium', 'Ana', -4, 4, '{cabinets}', '{"Uppers","Lowers","Island"}'),
  ('a', 3, 6, 'Second coat on drawers', null, 'in-progress', 'high', 'Tanya', 1, null, '{cabinets}', '{"Sand","Spray"}'),
  ('a', 4, 8, 'Call carpenter about rot', 'Blocks the trim work', 'todo', 'high', 'Joe', -9, null, '{blocked}', '{}'),
  ('a', 5, 7, 'Pick up lockbox for listing three', null, 'todo', 'medium', 'Luis', 2, null, '{realty}', '{}'),
  ('a', 6, 4, 'Send care sheet', null, 'completed', 'low', 'Ana', -45, 46, '{}', '{}'),
  ('a', 7, 3, 'Collect scaffolding deposit', 'Capitol Scaffolding owes 300', 'todo', 'medium', 'Office', -20, null, '{money}', '{}'),
  ('a', 8, null, 'Renew liability insurance', null, 'todo', 'urgent', 'Office', 5, null, '{office}', '{"Compare quotes","Sign"}'),
  ('a', 9, null, 'Service the airless sprayer', null, 'in-progress', 'medium', 'Marcus', -2, null, '{equipment}', '{"Packings","Filters"}'),
  ('a', 10, 10, 'Return unused stain', null, 'cancelled', 'low', 'Joe', -50, null, '{}', '{}'),
  ('a', 11, 9, 'Choose nursery palette with client', null, 'todo', 'low', 'Ana', 12, null, '{colour}', '{}'),
  ('b', 1, 4, 'Book tide window for second coat', null, 'todo', 'urgent', 'Owen', 1, null, '{marine}', '{"Harbour master","Crew"}'),
  ('b', 2, 5, 'Mask fire doors on floor four', null, 'in-progress', 'medium', 'Faye', 0, null, '{}', '{}'),
  ('b', 3, 6, 'Chase plumber about drain', 'Blocks the tank room', 'todo', 'high', 'Kit', -12, null, '{blocked}', '{}'),
  ('b', 4, 2, 'File warranty certificates', null, 'completed', 'low', 'Office', -50, 52, '{}', '{}'),
  ('b', 5, null, 'Respirator fit tests', null, 'todo', 'high', 'Office', 7, null, '{safety}', '{"Owen","Kit","Faye","Sam"}')
) as v (b, n, project, title, description, status, priority, assigned, due, finished, tags, items)
left join api.projects as p on p.id = pg_temp.id(v.b, 2, v.project)
on conflict do nothing;

insert into api.goals (
  id, user_id, title, description, goal_type, target_value, current_value, unit, start_date, end_date, status)
select
  pg_temp.id(b, 9, n), pg_temp.business(b), title, description, type, target, reached, unit,
  current_date + starts, current_date + ends, status
from (values
  ('a', 1, 'Revenue this year', 'Paid invoices before tax', 'revenue', 120000.00, 46300.00, 'USD', -200, 165, 'active'),
  ('a', 2, 'Ten projects this half-year', null, 'projects', 10.00, 7.00, 'projects', -120, 60, 'active'),
  ('a', 3, 'Four new commercial clients', null, 'clients', 4.00, 1.00, 'clients', -90, 20, 'active'),
  ('a', 4, 'Average rating of 4.5', null, 'satisfaction', 4.50, 3.63, 'stars', -180, 30, 'active'),
  ('a', 5, 'Fifteen estimates last quarter', null, 'clients', 15.00, 17.00, 'estimates', -180, -90, 'completed'),
  ('a', 6, 'Revenue of the autumn season', null, 'revenue', 20000.00, 17150.00, 'USD', -60, -5, 'overdue'),
  ('b', 1, 'Marine revenue', 'Hulls, decks and masts', 'revenue', 90000.00, 38250.00, 'USD', -200, 165, 'active'),
  ('b', 2, 'Three dry dock contracts', null, 'projects', 3.00, 2.00, 'projects', -100, 80, 'active'),
  ('b', 3, 'Rating of 4.8', null, 'satisfaction', 4.80, 4.25, 'stars', -150, 40, 'active')
) as v (b, n, title, description, type, target, reached, unit, starts, ends, status)
on conflict do nothing;

reset search_path;
drop function pg_temp.business, pg_temp.id, pg_temp.line_items, pg_temp.sections;
